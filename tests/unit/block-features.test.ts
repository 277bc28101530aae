import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NSS_BLOCK_NAMES, NSS_NAMES, nssUnit } from '../../src-shared/nss-names.ts';
import { writePng } from '../../src-main/images/occlude.ts';
import { BlockFeatureStore, mapOfFeature } from '../../src-main/streams/block-features.ts';
import { blocksReference, describeReference } from '../../src-main/streams/nss/reference/reference.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const folder = temporaryFolders()('pictures');
const store = new BlockFeatureStore();
afterAll(() => store.close());

/** A picture file, 5 x 3 blocks with a remainder. */
const picture = naturalPicture(170, 100, 7);
const file = path.join(folder, 'natural.png');
const item = (content: string, from = file) => ({ key: content, path: from, content });

describe('block maps', () => {
  it('hold what the float64 reference computes, for all 138 features', async () => {
    mkdirSync(folder, { recursive: true });
    await writePng(picture, file);
    const content = createHash('sha256').update(readFileSync(file)).digest('hex');
    const blocks = await store.of(item(content));
    const reference = blocksReference(picture);
    expect([blocks.rows, blocks.columns]).toEqual([3, 5]);
    for (const feature of NSS_NAMES) {
      const at = NSS_BLOCK_NAMES.indexOf(feature.replace(/^(mean|std)\./, ''));
      const column = Array.from({ length: 15 }, (_, i) => reference.values[i * NSS_BLOCK_NAMES.length + at]!);
      const mean = column.reduce((a, b) => a + b) / 15;
      const expected = feature.startsWith('mean.') ? column : column.map((v) => Math.abs(v - mean));
      const scale = Math.max(1, ...column.map(Math.abs));
      for (const [i, value] of mapOfFeature(blocks, feature).entries()) {
        expect(Math.abs(value - expected[i]!) / scale, `${feature}, block ${i}`).toBeLessThan(2e-5);
      }
    }
  });

  it('average to the descriptor: mean of a mean map, root mean square of a std map', async () => {
    const { rows, columns, values } = blocksReference(picture);
    const blocks = { rows, columns, values: Float32Array.from(values) };
    const descriptor = describeReference(picture);
    for (const [i, feature] of NSS_NAMES.entries()) {
      const map = mapOfFeature(blocks, feature);
      const power = feature.startsWith('mean.') ? 1 : 2;
      const pooled = (map.reduce((sum, v) => sum + v ** power, 0) / map.length) ** (1 / power);
      expect(Math.abs(pooled - descriptor[i]!) / Math.max(1, Math.abs(descriptor[i]!))).toBeLessThan(1e-4);
    }
  });

  it('are refused for other names, for changed files and for pictures without a block', async () => {
    const blocks = { rows: 1, columns: 1, values: new Float32Array(NSS_BLOCK_NAMES.length) };
    for (const name of ['lbp.03', 'mean.lbp.15', 'max.lbp.03', 'mean', '']) {
      expect(() => mapOfFeature(blocks, name)).toThrow(/is not an NSS feature/);
    }
    await expect(store.of(item('0'.repeat(64)))).rejects.toMatchObject({ code: 'conflict' });
    const small = path.join(folder, 'broken.png');
    writeFileSync(small, 'not a picture');
    await expect(store.of(item('f'.repeat(64), small))).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.of(item('e'.repeat(64), path.join(folder, 'gone.png')))).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('have a unit for every feature', () => {
    expect(new Set(NSS_NAMES.map(nssUnit))).toEqual(
      new Set(['levels', 'levels²', 'bits', 'share of pixels', '']),
    );
    expect(nssUnit('mean.intensity.entropy')).toBe('bits');
    expect(nssUnit('std.color.cov.rg')).toBe('levels²');
    expect(nssUnit('mean.loggabor.o1.kurtosis')).toBe('');
  });
});
