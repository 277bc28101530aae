/** The cache: made by other tools, without links, and taking models out of it. */
import { lstatSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { link } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findCachedFile, placeInSnapshot } from '../../src-main/streams/vision/hub/cache.ts';
import { removeModel } from '../../src-main/streams/vision/hub/remove-model.ts';
import { etagOf, sha256Of } from '../fixtures/loopback-hub.ts';
import {
  DATA,
  GRAPH,
  OLD_COMMIT,
  allFiles,
  bodies,
  fetchIt,
  files,
  folder,
  hub,
  inModel,
  makeForeignCache,
  modelDir,
  useModelHub,
} from './hub-model-setup.ts';

useModelHub();

describe('a cache that huggingface_hub made', () => {
  it.each([true, false])('is read (symbolic links: %s)', async (links) => {
    makeForeignCache({ links });
    for (const revision of ['main', OLD_COMMIT])
      expect(
        await findCachedFile({ cacheFolder: folder, address: { repo: hub.repo, revision, path: GRAPH } }),
      ).toEqual({
        file: inModel('snapshots', OLD_COMMIT, GRAPH),
        commit: OLD_COMMIT,
        size: 50_000,
        blob: links ? etagOf(files[GRAPH]!) : null,
      });
    const model = await fetchIt();
    expect(model.files.map(({ fromCache }) => fromCache)).toEqual([true, true]);
    expect(bodies()).toEqual([]);
  });

  it('lends its blobs to other commits', async () => {
    makeForeignCache({ commit: '1'.repeat(40) });
    expect((await fetchIt()).files.map(({ fromCache }) => fromCache)).toEqual([true, true]);
    expect(bodies()).toEqual([]);
  });

  it('is not believed when a link leads nowhere, a file is cut short, or a ref holds nonsense', async () => {
    makeForeignCache();
    rmSync(inModel('blobs', etagOf(files[GRAPH]!)));
    const find = (revision: string) =>
      findCachedFile({ cacheFolder: folder, address: { repo: hub.repo, revision, path: GRAPH } });
    expect(await find('main')).toBeNull();
    truncateSync(inModel('blobs', etagOf(files['config.json']!)), 10);
    expect((await fetchIt()).files.map(({ fromCache }) => fromCache)).toEqual([false, false]);
    writeFileSync(inModel('refs', 'main'), '../../elsewhere');
    expect(await find('main')).toBeNull();
  });
});

describe('a file system without links', () => {
  const refuse = () => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  it.each([
    ['symbolic links', { symlink: refuse, link }, 2],
    ['links at all', { symlink: refuse, link: refuse }, 1],
  ])('%s: the snapshot holds the bytes', async (_, links, nlink) => {
    makeForeignCache();
    const etag = etagOf(files[GRAPH]!);
    const address = { repo: hub.repo, revision: OLD_COMMIT, path: GRAPH };
    const placed = await placeInSnapshot({ cacheFolder: folder, address, etag, links });
    expect(lstatSync(placed).isFile()).toBe(true);
    expect(lstatSync(placed).nlink).toBe(nlink);
    expect(sha256Of(readFileSync(placed))).toBe(etag);
    expect(allFiles(modelDir()).filter((f) => f.endsWith('.incomplete'))).toEqual([]);
  });
});

describe('removeModel', () => {
  it('removes a model and says how many bytes that sets free', async () => {
    await fetchIt();
    expect(await removeModel({ cacheFolder: folder, repo: hub.repo })).toBe(50_700 + OLD_COMMIT.length);
    expect(allFiles(folder)).toEqual([]);
    expect(await removeModel({ cacheFolder: folder, repo: hub.repo })).toBe(0);
  });

  it.each([true, false])(
    'removes single files and leaves what others use (symbolic links: %s)',
    async (links) => {
      makeForeignCache({ links });
      makeForeignCache({ links, commit: '2'.repeat(40), only: ['config.json'] });
      const removal = { cacheFolder: folder, repo: hub.repo, paths: [GRAPH] };
      expect(await removeModel(removal)).toBe(50_000);
      expect(allFiles(modelDir()).filter((f) => f.endsWith(GRAPH))).toEqual([]);
      expect(readFileSync(inModel('snapshots', OLD_COMMIT, DATA))).toHaveLength(300_000);
      await removeModel({ ...removal, paths: [DATA, 'config.json'] });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('waits for no download: it refuses while one is going on', async () => {
    hub.faults = [{ kind: 'stall', after: 1000, times: 1 }];
    const run = fetchIt({ stallMs: 500 });
    while (bodies().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(removeModel({ cacheFolder: folder, repo: hub.repo })).rejects.toMatchObject({
      code: 'busy',
    });
    await run;
  });
});
