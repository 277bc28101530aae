import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { srocc } from '../../src-main/evaluation/metrics.ts';
import { kFold } from '../../src-main/experiments/folds.ts';
import { predictHead } from '../../src-main/fusion/predict.ts';
import { trainMember } from '../../src-main/fusion/train.ts';
import { parseHeads, serializeHeads } from '../../src-main/fusion/trained-head.ts';
import { halfNoiseDataset } from './fusion-synthetic.ts';
import type { HeadOutput } from '../../src-main/fusion/predict.ts';
import type { TrainOptions } from '../../src-main/fusion/train.ts';

const OPTIONS: TrainOptions = {
  hidden: [512, 256],
  dropout: 0.3,
  epochs: 80,
  batch: 128,
  lr: 5e-4,
  weightDecay: 1e-4,
  clip: 1,
  lambdaPlcc: 0.5,
  lambdaRank: 0.5,
  seed: 42,
  targets: 'standardized',
  gate: 'siglip',
  pca: 256,
  threads: 1,
};
const { streams, targets } = halfNoiseDataset(400, 5);
const all = Int32Array.from(targets.keys());

/** Three of the peer's five seeds; with BIQA_LARGE=1 all of them. */
const SEEDS = process.env['BIQA_LARGE'] === '1' ? [42, 43, 44, 45, 46] : [42, 43, 44];

/**
 * shared/peer/paper_pipeline.py (PyTorch 2.13), with and without --gated, on the same features, labels and folds: mean
 * out-of-fold SROCC over its seeds 42 to 46. Over these seeds it has standard deviations of 0.004.
 */
const PEER = { static: 0.8296985262, gated: 0.8378914248 };

describe('three streams, of which one is noise for half of the images', { timeout: 300_000 }, () => {
  it('static: mean SROCC over seeds is within 0.01 of the PyTorch pipeline', async () => {
    const { mean } = await crossValidations({ ...OPTIONS, gate: null });
    expect(Math.abs(mean - PEER.static), `${mean}`).toBeLessThan(0.01);
  });

  it('gated: so is its, and the gate of the stream falls where it is noise', async () => {
    const { mean, gates } = await crossValidations(OPTIONS);
    expect(Math.abs(mean - PEER.gated), `${mean}`).toBeLessThan(0.01);
    const average = (stream: string, parity: number): number => {
      const values = gates[stream]!.filter((_, row) => row % 2 === parity);
      return values.reduce((a, b) => a + b, 0) / values.length;
    };
    expect(average('cliph', 1)).toBeLessThan(average('cliph', 0) - 0.05);
    // Against the stream that is left to rely on it falls further.
    const share = (parity: number): number => average('cliph', parity) / average('siglip', parity);
    expect(share(1)).toBeLessThan(0.9 * share(0));
    for (const stream of ['nss', 'siglip', 'cliph'])
      expect(gates[stream]!.every((g) => g > 0 && g < 2)).toBe(true);
  });

  it('gates come back from the file, and do not depend on what else is predicted', async () => {
    const train = all.subarray(0, 100);
    const head = await trainMember(ort, { streams, targets, train }, { ...OPTIONS, epochs: 2, gate: 'nss' });
    const together = await predictHead(ort, head, streams, all);
    const stored = parseHeads(serializeHeads([head]))[0]!;
    for (const row of [3, 255, 399]) {
      const alone = await predictHead(ort, stored, streams, Int32Array.of(row));
      expect(alone.predictions[0]).toBe(together.predictions[row]);
      expect(alone.gates['cliph']![0]).toBe(together.gates['cliph']![row]);
    }
  });
});

/** Mean SROCC over the seeds of 5-fold cross-validation, and the gates of the last seed. */
async function crossValidations(
  options: TrainOptions,
): Promise<{ mean: number; gates: HeadOutput['gates'] }> {
  let mean = 0;
  const gates = Object.fromEntries(streams.map(({ id }) => [id, new Float64Array(targets.length)]));
  for (const seed of SEEDS) {
    const predictions = new Float64Array(targets.length);
    for (const test of kFold(targets.length, 5, 42)) {
      const train = all.filter((row) => !test.includes(row));
      const head = await trainMember(ort, { streams, targets, train }, { ...options, seed });
      const output = await predictHead(ort, head, streams, test);
      test.forEach((row, i) => {
        predictions[row] = output.predictions[i]!;
        for (const [id, values] of Object.entries(output.gates)) gates[id]![row] = values[i]!;
      });
    }
    mean += srocc(predictions, targets)! / SEEDS.length;
  }
  return { mean, gates };
}
