import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { createNssExtractor } from '../../src-main/streams/nss/descriptor.ts';
import { describeReference } from '../../src-main/streams/nss/reference/reference.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';
import expected from './nss-expected.json' with { type: 'json' };
import { KINDS, largestDeviation, paint } from './nss-pictures.ts';

const SPEC = path.resolve(import.meta.dirname, '../../../shared/spec/nss-reference');
const TOLERANCE = 1e-4;
type Row = { image: string; width: number; height: number; descriptor: number[] };

const extractor = await createNssExtractor();

if (!existsSync(SPEC)) console.warn(`Skipping the NSS reference vectors of the spec: no ${SPEC}`);

describe.skipIf(!existsSync(SPEC))('the reference vectors of the spec', () => {
  it.each(specRows())('$image', async (row) => {
    const picture = await decodePng(path.join(SPEC, row.image));
    expect([picture.width, picture.height]).toEqual([row.width, row.height]);
    expect(largestDeviation(extractor.describe(picture), row.descriptor)).toBeLessThan(TOLERANCE / 20);
    expect(largestDeviation(describeReference(picture), row.descriptor)).toBeLessThan(1e-8);
  });
});

// nss-expected.json: the descriptors that NumPy (../shared/peer/nss_numpy.py) gives for pictures generated here.
describe('NumPy on generated pictures', () => {
  it.each(expected)('$kind $width x $height', ({ kind, width, height, seed, descriptor }) => {
    const picture =
      kind === 'natural'
        ? naturalPicture(width, height, seed)
        : paint(kind as keyof typeof KINDS, width, height, seed);
    expect(largestDeviation(extractor.describe(picture), descriptor)).toBeLessThan(TOLERANCE / 20);
    expect(largestDeviation(describeReference(picture), descriptor)).toBeLessThan(1e-8);
  });
});

function specRows(): Row[] {
  if (!existsSync(SPEC)) return [];
  const { rows } = JSON.parse(readFileSync(path.join(SPEC, 'reference.json'), 'utf8')) as { rows: Row[] };
  return rows;
}

/** data.md: profiles ignored, alpha flattened on black as floor(v * a / 255). */
async function decodePng(file: string): Promise<RgbPicture> {
  const { data, info } = await sharp(file, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const alpha = channels === 4 ? data[i * 4 + 3]! : 255;
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = Math.floor((data[i * channels + c]! * alpha) / 255);
  }
  return { width, height, data: rgb };
}
