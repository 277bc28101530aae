import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapIntervals } from '../../src-main/evaluation/bootstrap.ts';
import { metrics } from '../../src-main/evaluation/metrics.ts';
import { WeightedSample } from '../../src-main/evaluation/weighted-sample.ts';
import { Random } from '../../src-main/fusion/random.ts';

const NAMES = ['srocc', 'plcc', 'krocc', 'rmse'] as const;

describe('the metrics of a resample', () => {
  it('equal those of the drawn images written out', () => {
    const image = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.nat(3));
    fc.assert(
      fc.property(fc.array(image, { minLength: 2, maxLength: 20 }), (images) => {
        const drawn = images.flatMap(([p, t, times]) =>
          Array.from({ length: times }, () => [p / 7, t / 3] as const),
        );
        fc.pre(drawn.length > 0);
        const sample = new WeightedSample(
          Float64Array.from(images, ([p]) => p / 7),
          Float64Array.from(images, ([, t]) => t / 3),
        );
        const weights = Int32Array.from(images, ([, , times]) => times);
        const expected = metrics(
          Float64Array.from(drawn, ([p]) => p),
          Float64Array.from(drawn, ([, t]) => t),
        );
        for (const name of NAMES) {
          const actual = sample[name](weights);
          if (expected[name] === null) expect(actual, name).toBeNull();
          else expect(actual, name).toBeCloseTo(expected[name], 10);
        }
      }),
    );
  });
});

describe('bootstrap intervals', () => {
  const { prediction, target } = noisy(200, 1);

  it('are the same for the same seed and others for another', async () => {
    const first = await bootstrapIntervals(prediction, target, { seed: 5, resamples: 500 });
    expect(await bootstrapIntervals(prediction, target, { seed: 5, resamples: 500 })).toEqual(first);
    expect(await bootstrapIntervals(prediction, target, { seed: 6, resamples: 500 })).not.toEqual(first);
  });

  it('agree with resampling by another generator and plain metrics', async () => {
    const actual = await bootstrapIntervals(prediction, target, { seed: 1, resamples: 4000 });
    const random = new Random(99);
    const values = Array.from({ length: 4000 }, () => {
      const drawn = Int32Array.from({ length: 200 }, () => Math.floor(200 * random.uniform()));
      return metrics(
        Float64Array.from(drawn, (i) => prediction[i]!),
        Float64Array.from(drawn, (i) => target[i]!),
      );
    });
    for (const name of NAMES) {
      const sorted = values.map((m) => m[name]!).sort((a, b) => a - b);
      const [low, high] = actual[name]!;
      const width = sorted[3899]! - sorted[99]!;
      // Two independent estimates of a 2.5 % quantile from 4000 resamples differ by some 2 % of the width.
      expect(Math.abs(low - sorted[99]!), name).toBeLessThan(0.08 * width);
      expect(Math.abs(high - sorted[3899]!), name).toBeLessThan(0.08 * width);
    }
  });

  it('are wider by group where images of a group are alike', async () => {
    const groups = 20;
    const repeated = (values: Float64Array): Float64Array =>
      Float64Array.from({ length: 200 }, (_, i) => values[i % groups]!);
    const [p, t] = [repeated(prediction), repeated(target)];
    const names = Array.from({ length: 200 }, (_, i) => `scene ${i % groups}`);
    const byImage = (await bootstrapIntervals(p, t, { seed: 3, resamples: 1000 })).rmse!;
    const byGroup = (await bootstrapIntervals(p, t, { seed: 3, resamples: 1000, groups: names })).rmse!;
    expect((byGroup[1] - byGroup[0]) / (byImage[1] - byImage[0])).toBeGreaterThan(2);
    // One image per group is the same as no groups.
    const single = Array.from({ length: 200 }, (_, i) => `${i}`);
    const options = { seed: 3, resamples: 50 };
    expect(await bootstrapIntervals(p, t, { ...options, groups: single })).toEqual(
      await bootstrapIntervals(p, t, options),
    );
  });

  it('have nothing to say of too few or undefined values', async () => {
    const none = async (p: number[], t: number[], groups?: string[]): Promise<unknown> =>
      bootstrapIntervals(Float64Array.from(p), Float64Array.from(t), {
        seed: 1,
        resamples: 20,
        ...(groups && { groups }),
      });
    expect(await none([1], [2])).toEqual({});
    expect(await none([1, NaN, 3], [1, 2, 3])).toEqual({});
    expect(await none([1, 2, 3], [1, 2, 3], ['a', 'a', 'a'])).toEqual({});
    expect(Object.keys((await none([1, 1, 1], [1, 2, 3])) as object)).toEqual(['rmse']);
  });

  it('stop when cancelled', async () => {
    const controller = new AbortController();
    const running = bootstrapIntervals(prediction, target, {
      seed: 1,
      resamples: 1e9,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 20);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });
});

function noisy(n: number, seed: number): { prediction: Float64Array; target: Float64Array } {
  const random = new Random(seed);
  const target = Float64Array.from({ length: n }, () => Math.round(40 * random.uniform()) / 10);
  return { target, prediction: target.map((value) => value + 2 * random.uniform()) };
}
