/** A loopback hub with one model, an empty cache, and a download of it: what the tests of downloadFile share. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { partFile } from '../../src-main/streams/vision/hub/cache.ts';
import { downloadFile } from '../../src-main/streams/vision/hub/download.ts';
import {
  etagOf,
  sha256Of,
  startLoopbackHub,
  type HubFile,
  type LoopbackHub,
} from '../fixtures/loopback-hub.ts';

export const KIB = 1024;
/** The same bytes for the same seed. */
export const bytes = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 255);
export const graph: HubFile = { content: bytes(400 * KIB), lfs: true };
export const config: HubFile = { content: bytes(3000, 7), lfs: false };
export const RETRY = { attempts: 4, firstWaitMs: 1, maxWaitMs: 4, maxRetryAfterMs: 2000 };

/** The hub and the cache folder of the test that runs. */
export let hub: LoopbackHub;
export let folder: string;

/** Gives each test of the file a hub and a cache folder of its own. */
export function useHub(): void {
  vi.setConfig({ testTimeout: 20_000 });
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'studio-hub-'));
    hub = await startLoopbackHub({ files: { 'visual/model.onnx': graph, 'config.json': config } });
  });
  afterEach(async () => {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  });
}

export const address = (file = 'visual/model.onnx', revision = 'main') => ({
  repo: hub.repo,
  revision,
  path: file,
});
export const settings = () => ({
  endpoint: hub.endpoint,
  token: null as string | null,
  cacheFolder: folder,
  offline: false,
});
export const download = (more: Partial<Parameters<typeof downloadFile>[0]> = {}) =>
  downloadFile({ settings: settings(), address: address(), retry: RETRY, stallMs: 5000, ...more });
export const blobs = () => {
  const blobFolder = path.join(folder, 'models--tests--model', 'blobs');
  return existsSync(blobFolder) ? readdirSync(blobFolder) : [];
};
export const part = () => partFile(folder, hub.repo, etagOf(graph));
export const bodies = () => hub.seen.filter(({ kind }) => kind === 'body');
/** Leaves a part as a killed process does. */
export function leavePart(content: Uint8Array): void {
  mkdirSync(path.dirname(part()), { recursive: true });
  writeFileSync(part(), content);
}
/** The download succeeded: the right bytes under the right names, and nothing besides. */
export async function expectGood(placed: Awaited<ReturnType<typeof downloadFile>>): Promise<void> {
  const file = hub.files.get(placed.path)!;
  expect(sha256Of(readFileSync(placed.file))).toBe(sha256Of(file.content));
  expect(placed.sha256).toBe(sha256Of(file.content));
  expect(placed.file).toBe(
    path.join(folder, 'models--tests--model', 'snapshots', hub.commit, ...placed.path.split('/')),
  );
  expect(blobs()).toEqual([etagOf(file)]);
}
