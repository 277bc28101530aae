import { describe, expect, it } from 'vitest';
import { Dropout } from '../../src-main/fusion/dropout.ts';
import { FusionKernel } from '../../src-main/fusion/kernel.ts';
import { Random } from '../../src-main/fusion/random.ts';

describe('a dropout mask', () => {
  it('takes the draws of four generators, eight entries each, and goes on after them', () => {
    const kernel = new FusionKernel(1000);
    const dropout = new Dropout(kernel, 7, 0.3);
    const mask = kernel.float32(101);
    const seeds = new Random(7);
    const generators = Array.from({ length: 4 }, () => new Random(seeds.bits()));
    for (const length of [101, 64, 1]) {
      mask.fill(-1);
      dropout.fill(mask, length);
      const entries = Array.from({ length: Math.ceil(length / 8) }, () => {
        const draws = generators.map((generator) => generator.bits());
        return [...draws.map((bits) => bits & 0xffff), ...draws.map((bits) => bits >>> 16)];
      }).flat();
      mask.forEach((value, i) => {
        const kept = entries[i]! < Math.round(0.3 * 65536) ? 0 : Math.fround(1 / 0.7);
        expect(value).toBe(i < length ? kept : -1);
      });
    }
  });

  it('keeps the share and the mean that its rate says', () => {
    const kernel = new FusionKernel(4_000_100);
    const mask = kernel.float32(1_000_000);
    new Dropout(kernel, 1, 0.3).fill(mask);
    // Five standard deviations of a binomial share are 0.0023.
    expect(Math.abs(mask.filter((v) => v === 0).length / mask.length - 0.3)).toBeLessThan(0.0023);
    expect(Math.abs(mask.reduce((a, b) => a + b, 0) / mask.length - 1)).toBeLessThan(0.0033);
  });
});
