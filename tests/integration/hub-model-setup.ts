/** A loopback hub with a model of three files, an empty cache, and a fetch of it: what the tests of whole models share. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { fetchModel } from '../../src-main/streams/vision/hub/fetch-model.ts';
import { etagOf, startLoopbackHub, type HubFile, type LoopbackHub } from '../fixtures/loopback-hub.ts';

export const GRAPH = 'visual/model.onnx';
export const DATA = 'visual/6c4f1d9e-uuid'; // external data, as exporters name it
export const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 255);
export const files: Record<string, HubFile> = {
  [GRAPH]: { content: bytes(50_000, 1), lfs: true },
  [DATA]: { content: bytes(300_000, 2), lfs: true },
  'config.json': { content: bytes(700, 3), lfs: false },
};
export const RETRY = { attempts: 3, firstWaitMs: 1, maxWaitMs: 4, maxRetryAfterMs: 2000 };
export const OLD_COMMIT = 'c0ffee'.padEnd(40, '0');

/** The hub and the cache folder of the test that runs. */
export let hub: LoopbackHub;
export let folder: string;

/** Gives each test of the file a hub and a cache folder of its own. */
export function useModelHub(): void {
  vi.setConfig({ testTimeout: 20_000 });
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'studio-hub-'));
    hub = await startLoopbackHub({ files, commit: OLD_COMMIT });
  });
  afterEach(async () => {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  });
}

export const settings = (more = {}) => ({
  endpoint: hub.endpoint,
  token: null,
  cacheFolder: folder,
  offline: false,
  ...more,
});
export const wanted = [{ path: GRAPH }, { path: 'config.json' }];
export const fetchIt = (more: Partial<Parameters<typeof fetchModel>[0]> = {}) =>
  fetchModel({ settings: settings(), repo: hub.repo, files: wanted, retry: RETRY, stallMs: 5000, ...more });
export const modelDir = () => path.join(folder, 'models--tests--model');
export const inModel = (...parts: string[]) => path.join(modelDir(), ...parts);
export const allFiles = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((e) => !e.isDirectory())
        .map((e) => path.relative(dir, path.join(e.parentPath, e.name)))
        .sort()
    : [];
export const bodies = () => hub.seen.filter(({ kind }) => kind === 'body');

/** A cache as huggingface_hub leaves it: blobs by etag, relative links, a ref without a line end. */
export function makeForeignCache({
  commit = OLD_COMMIT,
  links = true,
  only = Object.keys(files),
} = {}): void {
  for (const [name, file] of Object.entries(files).filter(([n]) => only.includes(n))) {
    const pointer = inModel('snapshots', commit, ...name.split('/'));
    const blob = inModel('blobs', etagOf(file));
    mkdirSync(path.dirname(pointer), { recursive: true });
    mkdirSync(path.dirname(blob), { recursive: true });
    writeFileSync(links ? blob : pointer, file.content);
    if (links) symlinkSync(path.relative(path.dirname(pointer), blob), pointer);
  }
  mkdirSync(inModel('refs'), { recursive: true });
  writeFileSync(inModel('refs', 'main'), commit);
}
