import { existsSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { applyDistortion } from '../../src-main/distortions/apply.ts';
import { deadLeavesScene } from '../../src-main/distortions/dead-leaves.ts';
import { toLab } from '../../src-main/distortions/lab.ts';
import { Random } from '../../src-main/distortions/random.ts';
import { labPyramid, similarity } from '../../src-main/distortions/similarity.ts';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { worsensWithLevel, DISTORTION_TYPES } from '../../src-shared/distortions.ts';

const KODAK = path.resolve(import.meta.dirname, '../../../shared/data/kodak24');
const LADDER_TYPES = DISTORTION_TYPES.map(({ type }) => type).filter(worsensWithLevel);
const TOLERANCE = 1e-4;

function noise(seed: string, width: number, height: number): RgbPicture {
  const random = new Random(seed);
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
}

/** The formula of similarity.ts for one scale, window by window with plain sums. */
function plainSimilarity(one: RgbPicture, other: RgbPicture): number {
  const [x, y] = [toLab(one).planes, toLab(other).planes];
  const windows: number[] = [];
  for (let top = 0; top + 7 <= one.height; top++) {
    for (let left = 0; left + 7 <= one.width; left++) {
      let structure = 0;
      let distance = 0;
      for (const c of [0, 1, 2] as const) {
        const at = Array.from(
          { length: 49 },
          (_, k) => (top + Math.floor(k / 7)) * one.width + left + (k % 7),
        );
        const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / 49;
        const [u, v] = [at.map((i) => x[c][i]!), at.map((i) => y[c][i]!)];
        const [mu, mv] = [mean(u), mean(v)];
        const covariance = mean(u.map((value, k) => (value - mu) * (v[k]! - mv)));
        const variances =
          mean(u.map((value) => (value - mu) ** 2)) + mean(v.map((value) => (value - mv) ** 2));
        const constant = c === 0 ? 4 : 20;
        structure += ((c === 0 ? 0.7 : 0.15) * (2 * covariance + constant)) / (variances + constant);
        distance += (mu - mv) ** 2;
      }
      windows.push((structure * 900) / (900 + distance));
    }
  }
  return windows.reduce((sum, value) => sum + value, 0) / windows.length;
}

/** Mean similarity at levels 1-5 over the pictures. */
async function ladder(pictures: RgbPicture[], type: string): Promise<number[]> {
  const pyramids = pictures.map(labPyramid);
  const means = [];
  for (let level = 1; level <= 5; level++) {
    let sum = 0;
    for (const [i, picture] of pictures.entries()) {
      sum += similarity(pyramids[i]!, await applyDistortion(picture, type, level, `picture ${i}`));
    }
    means.push(sum / pictures.length);
  }
  return means;
}

function expectDecreasing(means: number[]): void {
  means.slice(1).forEach((mean, k) => expect(mean).toBeLessThanOrEqual(means[k]! + TOLERANCE));
  expect(means[4]).toBeLessThan(means[0]! - 0.05);
}

describe('similarity', () => {
  it('is exactly 1 for equal pictures and symmetric, under 1 for others', () => {
    const [a, b] = [deadLeavesScene('a', 96, 96), deadLeavesScene('b', 96, 96)];
    expect(similarity(labPyramid(a), a)).toBe(1);
    const there = similarity(labPyramid(a), b);
    expect(there).toBeLessThan(0.5);
    expect(similarity(labPyramid(b), a)).toBeCloseTo(there, 12);
  });

  it('equals the plain formula on one scale', () => {
    const [a, b] = [noise('a', 13, 12), noise('b', 13, 12)];
    expect(labPyramid(a)).toHaveLength(1); // half of 12 is under the window
    expect(similarity(labPyramid(a), b)).toBeCloseTo(plainSimilarity(a, b), 9);
  });

  it('sees a change of colour that leaves luma alone', () => {
    const data = (r: number, g: number, b: number) =>
      Uint8Array.from({ length: 32 * 32 * 3 }, (_, k) => [r, g, b][k % 3]!);
    const grey = { width: 32, height: 32, data: data(120, 120, 120) };
    const tinted = { width: 32, height: 32, data: data(160, 100, 120) }; // BT.601 luma 120.2
    expect(similarity(labPyramid(grey), tinted)).toBeLessThan(0.8);
  });

  it('refuses pictures of different sizes', () => {
    expect(() => similarity(labPyramid(noise('a', 32, 32)), noise('a', 33, 32))).toThrow(/same size/);
  });
});

describe('every ladder but mean shift and contrast change gets worse with the level', () => {
  const scenes = ['p', 'q', 'r', 's'].map((seed) => deadLeavesScene(seed, 192, 144));
  it.each(LADDER_TYPES)('type %s on scenes', async (type) => expectDecreasing(await ladder(scenes, type)));

  // Skipped where the Kodak pictures are not at hand (../shared/data/kodak24).
  it.skipIf(!existsSync(KODAK)).each(LADDER_TYPES)('type %s on Kodak pictures', async (type) => {
    const pictures = await Promise.all(
      ['01', '05', '15', '23'].map(async (number) => {
        const { data, info } = await sharp(path.join(KODAK, `kodim${number}.png`))
          .extract({ left: 128, top: 128, width: 256, height: 192 })
          .raw()
          .toBuffer({ resolveWithObject: true });
        return { width: info.width, height: info.height, data: new Uint8Array(data) };
      }),
    );
    expectDecreasing(await ladder(pictures, type));
  });
});
