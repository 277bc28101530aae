import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultHomeFolder, homeHash, resolveHome } from '../../src-main/home/home.ts';
import { readPresence, removePresence, writePresence } from '../../src-main/home/presence.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-home-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('defaultHomeFolder', () => {
  it.each([
    ['linux', {}, '/u', '/u/.local/share/biqa-studio'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/u', '/data/biqa-studio'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/u', '/u/.local/share/biqa-studio'],
    ['darwin', {}, '/u', '/u/Library/Application Support/BIQA Studio'],
    ['win32', { APPDATA: 'C:\\r' }, 'C:\\u', 'C:\\r\\BIQA Studio'],
    ['win32', {}, 'C:\\u', 'C:\\u\\AppData\\Roaming\\BIQA Studio'],
  ] as const)('%s %o', (platform, env, user, expected) => {
    expect(defaultHomeFolder(platform, env, user)).toBe(expected);
  });
});

describe('resolveHome', () => {
  it('prefers the flag, then BIQA_STUDIO_HOME', () => {
    vi.stubEnv('BIQA_STUDIO_HOME', path.join(folder, 'from-env'));
    expect(resolveHome().folder).toBe(path.join(folder, 'from-env'));
    expect(resolveHome(path.join(folder, 'from-flag')).folder).toBe(path.join(folder, 'from-flag'));
  });

  it('makes the folder private, also one that is already there', () => {
    const home = path.join(folder, 'a', 'b');
    expect(statSync(resolveHome(home).folder).mode & 0o777).toBe(0o700);
    const open = path.join(folder, 'open');
    mkdirSync(open, { mode: 0o755 });
    expect(statSync(resolveHome(open).folder).mode & 0o777).toBe(0o700);
  });

  it('names the paths inside and is one home under two names', () => {
    const home = resolveHome(path.join(folder, 'real'));
    symlinkSync(home.folder, path.join(folder, 'link'));
    const linked = resolveHome(path.join(folder, 'link'));
    expect(linked).toEqual(home);
    expect(homeHash(linked)).toBe(homeHash(home));
    expect(homeHash(home)).toMatch(/^[0-9a-f]{16}$/);
    for (const inside of Object.values(home)) expect(inside.startsWith(home.folder)).toBe(true);
    expect(path.basename(home.catalog)).toBe('catalog.sqlite');
  });

  it('refuses a file with a remedy', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(() => resolveHome(file)).toThrow(expect.objectContaining({ code: 'bad-input', file }));
    expect(() => resolveHome(path.join(file, 'below'))).toThrow(
      expect.objectContaining({ code: 'bad-input' }),
    );
  });
});

describe('presence', () => {
  const presence = { pid: process.pid, version: '1.2.3', socket: '/tmp/s.sock', token: 'secret' };

  it('is written privately and read back', () => {
    const home = resolveHome(folder);
    expect(readPresence(home)).toBeNull();
    writePresence(home, presence);
    expect(statSync(home.presence).mode & 0o777).toBe(0o600);
    expect(readPresence(home)).toEqual(presence);
    writePresence(home, { ...presence, token: 'newer' });
    expect(readPresence(home)?.token).toBe('newer');
  });

  it('is null where the file makes no sense', () => {
    const home = resolveHome(folder);
    for (const text of ['', '{', '[]', '{"pid":"1"}', '{"pid":1,"version":"1","socket":2,"token":"t"}']) {
      writeFileSync(home.presence, text);
      expect(readPresence(home)).toBeNull();
    }
  });

  it("is removed only where it is this process's own", () => {
    const home = resolveHome(folder);
    writePresence(home, { ...presence, pid: process.pid + 1 });
    removePresence(home);
    expect(existsSync(home.presence)).toBe(true);
    writePresence(home, presence);
    removePresence(home);
    expect(existsSync(home.presence)).toBe(false);
  });
});
