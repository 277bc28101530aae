import { describe, expect, it } from 'vitest';
import { FusionKernel, hybridLossWorkspace } from '../../src-main/fusion/kernel.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { relativeDifference } from './graph-run.ts';

const WEIGHTS = { lambdaPlcc: 0.5, lambdaRank: 0.5 };

describe('hybrid loss of given predictions', () => {
  it.each([2, 7, 128])(
    'equals equations 13 to 16 written out, and finite differences, for a batch of %i',
    (batch) => {
      const random = new Random(batch + 1);
      const targets = Float32Array.from({ length: batch }, () => Math.round(40 * random.uniform()) / 10);
      targets[1] = targets[0]! + 1;
      const predictions = Float32Array.from({ length: batch }, () => 4 * random.uniform());
      const { loss, slope } = lossOf(predictions, targets);
      expect(loss / lossByHand(predictions, targets)).toBeCloseTo(1, 10);
      const differences = predictions.map((_, i) => {
        const moved = (step: number): number =>
          lossByHand(
            Float64Array.from(predictions, (p, j) => (j === i ? p + step : p)),
            targets,
          );
        return (moved(1e-5) - moved(-1e-5)) / 2e-5;
      });
      expect(relativeDifference(slope, differences)).toBeLessThan(1e-5);
    },
  );

  it.each([
    ['squared error', 0, 0],
    ['correlation', 1, 0],
    ['ranking', 0, 1],
  ])('has the weights given: %s', (_, lambdaPlcc, lambdaRank) => {
    const predictions = Float32Array.of(0.3, 0.1, 0.9, 0.5);
    const targets = Float32Array.of(0.2, 0.4, 0.8, 0.1);
    const weights = { lambdaPlcc, lambdaRank };
    const { loss } = lossOf(predictions, targets, weights);
    expect(loss).toBeCloseTo(lossByHand(predictions, targets, weights), 10);
  });

  it.each([2, 7, 128])(
    'stays finite for equal labels: only the squared error flows back (batch of %i)',
    (batch) => {
      const predictions = Float32Array.from({ length: batch }, (_, i) => i / batch);
      const { loss, slope } = lossOf(predictions, new Float32Array(batch).fill(0.5));
      const squares = predictions.reduce((total, p) => total + (p - 0.5) ** 2, 0) / batch;
      expect(loss).toBeCloseTo(squares + WEIGHTS.lambdaPlcc, 10);
      const expected = predictions.map((p) => (2 * (p - 0.5)) / batch);
      expect(relativeDifference(slope, expected)).toBeLessThan(1e-6);
    },
  );

  it.each([2, 7, 128])('stays finite for equal predictions (batch of %i)', (batch) => {
    const targets = Float32Array.from({ length: batch }, (_, i) => i);
    const predictions = new Float32Array(batch).fill(0.25);
    const { loss, slope } = lossOf(predictions, targets);
    expect(loss).toBeCloseTo(lossByHand(predictions, targets), 10);
    expect(slope.every(Number.isFinite)).toBe(true);
    expect(slope.some((g) => g !== 0)).toBe(true);
  });

  it.each([
    ['far apart', Float32Array.of(300, -20, 20, -300)],
    ['so far apart that their powers are no numbers', Float32Array.of(3000, -2000, 4000, -9000)],
  ])('stays finite for predictions that are %s', (_, predictions) => {
    const targets = Float32Array.of(0, 1, 2, 3);
    const { loss, slope } = lossOf(predictions, targets);
    expect(loss / lossByHand(predictions, targets)).toBeCloseTo(1, 6);
    expect(slope.every(Number.isFinite)).toBe(true);
  });

  it('ranks predictions that are far from their mean by their own distance', () => {
    const targets = Float32Array.of(2, 1, 0, 3);
    const predictions = Float32Array.of(500, 400, -901.5, 401);
    const weights = { lambdaPlcc: 0, lambdaRank: 1 };
    const { loss, slope } = lossOf(predictions, targets, weights);
    const squares = predictions.reduce((total, p, i) => total + (p - targets[i]!) ** 2, 0) / 4;
    // Of the six pairs one is in the wrong order, by 99: its slopes are -1/6 and 1/6, the others' next to 0.
    expect(loss - squares).toBeCloseTo(lossByHand(predictions, targets, weights) - squares, 6);
    const ranking = slope.map((d, i) => d - (predictions[i]! - targets[i]!) / 2);
    const log = Math.exp(-1) / (1 + Math.exp(-1)) / 6; // images 1 and 3, in order and 1 apart
    [1 / 6, log, 0, -1 / 6 - log].forEach((v, i) => expect(ranking[i], `${i}`).toBeCloseTo(v, 4));
  });

  it('stays exact for a batch so large that the product of its pairs is no number', () => {
    const n = 1500;
    const targets = Float32Array.from({ length: n }, (_, i) => i / 10);
    const predictions = Float32Array.from({ length: n }, (_, i) => (i % 7) / 1000);
    const { loss, slope } = lossOf(predictions, targets);
    expect(loss / lossByHand(predictions, targets)).toBeCloseTo(1, 10);
    for (const i of [0, 511, 512, 513, n - 1]) {
      const moved = (step: number): number =>
        lossByHand(
          Float64Array.from(predictions, (p, j) => (j === i ? p + step : p)),
          targets,
        );
      const difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      expect(slope[i]! / difference, `image ${i}`).toBeCloseTo(1, 4);
    }
  });

  it('does not rank pairs whose labels differ by 1e-3 or less', () => {
    const targets = Float32Array.of(0, 0.0009, 0.5);
    const predictions = Float32Array.of(0.2, 0.9, 0.4);
    expect(lossOf(predictions, targets).loss).toBeCloseTo(lossByHand(predictions, targets), 10);
  });
});

function lossOf(
  predictions: Float32Array,
  targets: Float32Array,
  { lambdaPlcc, lambdaRank } = WEIGHTS,
): { loss: number; slope: Float32Array } {
  const n = predictions.length;
  const kernel = new FusionKernel(12 * n + 8 * hybridLossWorkspace(n));
  const [p, y, slope] = [kernel.float32(n), kernel.float32(n), kernel.float32(n)] as const;
  const workspace = kernel.float64(hybridLossWorkspace(n));
  p.set(predictions);
  y.set(targets);
  const loss = kernel.run.hybridLoss(
    p.byteOffset,
    y.byteOffset,
    n,
    lambdaPlcc,
    lambdaRank,
    slope.byteOffset,
    workspace.byteOffset,
  );
  return { loss, slope: slope.slice() };
}

/** Equations 13 to 16, one number at a time. */
function lossByHand(
  p: Float32Array | Float64Array,
  y: Float32Array,
  { lambdaPlcc, lambdaRank } = WEIGHTS,
): number {
  const n = p.length;
  const mean = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0) / n;
  const [meanP, meanY] = [mean(p), mean(y)];
  let [squares, uu, vv, uv, rank, pairs] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [u, v] = [p[i]! - meanP, y[i]! - meanY];
    squares += (p[i]! - y[i]!) ** 2 / n;
    uu += u * u;
    vv += v * v;
    uv += u * v;
    for (let j = 0; j < n; j++) {
      const difference = y[i]! - y[j]!;
      if (Math.abs(difference) <= 1e-3) continue;
      const x = -Math.sign(difference) * (p[i]! - p[j]!);
      rank += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
      pairs++;
    }
  }
  const correlation = uu > 1e-12 && vv > 1e-12 ? 1 - uv / (Math.sqrt(uu * vv) + 1e-8) : 1;
  return squares + lambdaPlcc * correlation + lambdaRank * (pairs === 0 ? 0 : rank / pairs);
}
