import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findElectronBinary } from '../../src-main/shell/electron-binary.ts';
import { findNodeBinary } from '../../src-main/shell/node-binary.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-binaries-'));
  vi.stubEnv('BIQA_STUDIO_NODE', '');
  vi.stubEnv('ELECTRON_OVERRIDE_DIST_PATH', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function put(...parts: string[]): string {
  const file = path.join(folder, ...parts);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  return file;
}

describe('findNodeBinary', () => {
  it('prefers the packaged Node, then the npm package, then BIQA_STUDIO_NODE', () => {
    expect(() => findNodeBinary(folder, path.join(folder, 'resources'))).toThrow(
      expect.objectContaining({ code: 'not-found', hint: expect.stringContaining('BIQA_STUDIO_NODE') }),
    );
    vi.stubEnv('BIQA_STUDIO_NODE', path.join(folder, 'gone'));
    expect(() => findNodeBinary(folder, undefined)).toThrow(expect.objectContaining({ code: 'not-found' }));
    const named = put('elsewhere', 'node');
    vi.stubEnv('BIQA_STUDIO_NODE', named);
    expect(findNodeBinary(folder, undefined)).toBe(named);
    const installed = put('node_modules', 'node', 'bin', 'node');
    expect(findNodeBinary(folder, path.join(folder, 'resources'))).toBe(installed);
    const packaged = put('resources', 'node', 'node');
    expect(findNodeBinary(folder, path.join(folder, 'resources'))).toBe(packaged);
  });
});

describe('findElectronBinary', () => {
  it('looks without loading the module', () => {
    expect(findElectronBinary(folder)).toBeNull();
    put('node_modules', 'electron', 'index.js');
    expect(findElectronBinary(folder)).toBeNull();
    writeFileSync(put('node_modules', 'electron', 'path.txt'), 'electron');
    expect(findElectronBinary(folder)).toBeNull();
    const binary = put('node_modules', 'electron', 'dist', 'electron');
    expect(findElectronBinary(folder)).toBe(binary);
  });

  it('takes ELECTRON_OVERRIDE_DIST_PATH', () => {
    const binary = put('own', 'electron');
    vi.stubEnv('ELECTRON_OVERRIDE_DIST_PATH', path.join(folder, 'own'));
    expect(findElectronBinary(folder)).toBe(binary);
  });
});

describe('npm start', () => {
  const start = (env: NodeJS.ProcessEnv) => {
    cpSync(path.join(ROOT, 'src-main', 'shell'), path.join(folder, 'src-main', 'shell'), { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    const script = path.join(folder, 'src-main', 'shell', 'start.ts');
    return spawnSync(path.join(ROOT, 'node_modules/node/bin/node'), [script, '--home', '/h'], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  };

  it('says in one line what to do where Electron cannot be had, and does not try to download it', () => {
    put('node_modules', 'electron', 'index.js');
    writeFileSync(path.join(folder, 'node_modules/electron/index.js'), 'throw new Error("loaded");');
    const { status, stdout, stderr } = start({});
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('npm run serve');
  });

  it('starts the program with the app and the arguments when all is built', () => {
    for (const file of ['main/index.js', 'preload/index.cjs', 'renderer/index.html'])
      put('out', ...file.split('/'));
    mkdirSync(path.join(folder, 'own'));
    symlinkSync('/bin/echo', path.join(folder, 'own', 'electron'));
    const { status, stdout } = start({ ELECTRON_OVERRIDE_DIST_PATH: path.join(folder, 'own') });
    expect(stdout.trim()).toBe(`${folder} --home /h`);
    expect(status).toBe(0);
  });
});
