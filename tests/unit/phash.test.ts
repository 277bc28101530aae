import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { fingerprintFile, fingerprintLuma } from '../../src-main/streams/fingerprints/phash.ts';
import { MAX_DISTANCE } from '../../src-main/experiments/confirm-duplicates.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';

const KODAK = path.resolve(import.meta.dirname, '../../../shared/data/kodak24');

function distance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  a.forEach((byte, i) => {
    for (let rest = byte ^ b[i]!; rest > 0; rest >>= 1) bits += rest & 1;
  });
  return bits;
}

/** What happens to a picture that stays the same picture. */
const CHANGES: Record<string, (picture: Sharp, width: number) => Sharp> = {
  'JPEG at quality 90': (picture) => picture.jpeg({ quality: 90 }),
  'JPEG at quality 30': (picture) => picture.jpeg({ quality: 30 }),
  'half the size': (picture, width) => picture.resize(Math.round(width / 2)).png(),
  'a quarter of the size': (picture, width) => picture.resize(Math.round(width / 4)).png(),
  'another shape': (picture) => picture.resize(384, 384, { fit: 'fill' }).png(),
  'a little brighter': (picture) => picture.linear(1.05, 4).png(),
  grey: (picture) => picture.greyscale().png(),
  'with alpha': (picture) => picture.ensureAlpha().png(),
  'as WebP': (picture) => picture.webp({ quality: 70 }),
};

describe('the definition', () => {
  it('is the sign of each low frequency against the median of all, by a DCT written out', () => {
    const { data } = naturalPicture(32, 32, 5);
    const luma = Float64Array.from({ length: 1024 }, (_, i) => data[3 * i]!);
    const order: [number, number][] = [];
    for (let s = 1; order.length < 64; s++) for (let u = 0; u <= s; u++) order.push([u, s - u]);
    const values = order.slice(0, 64).map(([u, v]) => {
      let sum = 0;
      for (let y = 0; y < 32; y++)
        for (let x = 0; x < 32; x++)
          sum +=
            luma[y * 32 + x]! *
            Math.cos((Math.PI / 32) * (x + 0.5) * u) *
            Math.cos((Math.PI / 32) * (y + 0.5) * v);
      return sum;
    });
    const sorted = [...values].sort((a, b) => a - b);
    const hash = fingerprintLuma(luma);
    values.forEach((value, bit) =>
      expect((hash[bit >> 3]! >> (bit & 7)) & 1).toBe(value > (sorted[31]! + sorted[32]!) / 2 ? 1 : 0),
    );
  });

  it('does not see brightness or contrast', () => {
    const { data } = naturalPicture(32, 32, 6);
    const luma = Float64Array.from({ length: 1024 }, (_, i) => data[3 * i]!);
    expect(fingerprintLuma(luma.map((v) => 0.5 * v + 40))).toEqual(fingerprintLuma(luma));
  });
});

describe('made-up pictures', () => {
  const files: Buffer[] = [];
  beforeAll(async () => {
    for (let seed = 0; seed < 12; seed++) {
      const { width, height, data } = naturalPicture(320, 240, seed);
      files.push(
        await sharp(data, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer(),
      );
    }
  });

  it.each(Object.keys(CHANGES))('stay near themselves: %s', async (name) => {
    for (const file of files) {
      const changed = await CHANGES[name]!(sharp(file), 320).toBuffer();
      const bits = distance(await fingerprintFile(file, 'a'), await fingerprintFile(changed, 'b'));
      expect(bits).toBeLessThanOrEqual(MAX_DISTANCE);
    }
  });

  it('are far from one another', async () => {
    const hashes = await Promise.all(files.map((file) => fingerprintFile(file, 'a')));
    hashes.forEach((a, i) =>
      hashes.slice(0, i).forEach((b) => expect(distance(a, b)).toBeGreaterThan(MAX_DISTANCE)),
    );
  });

  it('are turned upright first, and refused where the decoder refuses them', async () => {
    const turned = await sharp(files[0]).rotate(270).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const bits = distance(await fingerprintFile(files[0]!, 'a'), await fingerprintFile(turned, 'b'));
    expect(bits).toBeLessThanOrEqual(MAX_DISTANCE);
    await expect(fingerprintFile(Buffer.from('no picture'), 'x')).rejects.toMatchObject({ file: 'x' });
  });
});

// Pictures of /work/shared: skipped where they are not there.
describe.skipIf(!existsSync(KODAK))('Kodak pictures (skipped without shared/data)', () => {
  it(
    'are far from one another, and near to what recompression and resizing make of them',
    { timeout: 60_000 },
    async () => {
      const files = readdirSync(KODAK).map((name) => readFileSync(path.join(KODAK, name)));
      const hashes = await Promise.all(files.map((file) => fingerprintFile(file, 'a')));
      hashes.forEach((a, i) =>
        hashes.slice(0, i).forEach((b) => expect(distance(a, b)).toBeGreaterThan(MAX_DISTANCE + 8)),
      );
      for (const [i, file] of files.entries()) {
        const small = await sharp(file).resize(192).jpeg({ quality: 50 }).toBuffer();
        expect(distance(hashes[i]!, await fingerprintFile(small, 'b'))).toBeLessThanOrEqual(MAX_DISTANCE);
      }
    },
  );
});
