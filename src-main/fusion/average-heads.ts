/** How the heads of a run (its folds, and the members of an ensemble) speak with one voice. */
import type { HeadOutput } from './predict.ts';

/** What all heads together say of n images. */
export type AveragedOutput = {
  /** Mean of the heads' predictions, label units. */
  predictions: Float64Array;
  /** Their standard deviation (divisor: number of heads), label units. */
  std: Float64Array;
  /** Mean gate per stream; empty with static fusion. */
  gates: Record<string, Float64Array>;
};

/** Averages one or more heads' outputs for the same images, each head with the same weight. */
export function averageHeads(perHead: readonly HeadOutput[]): AveragedOutput {
  const [first] = perHead;
  if (first === undefined) throw new RangeError('the average of no heads');
  const { mean: predictions, std } = momentsOf(perHead.map((head) => head.predictions));
  const gates = Object.keys(first.gates).map(
    (stream) => [stream, momentsOf(perHead.map((head) => head.gates[stream]!)).mean] as const,
  );
  return { predictions, std, gates: Object.fromEntries(gates) };
}

function momentsOf(perHead: readonly Float64Array[]): { mean: Float64Array; std: Float64Array } {
  const mean = perHead[0]!.map((_, i) => average(perHead.map((values) => values[i]!)));
  const std = mean.map((centre, i) =>
    Math.sqrt(average(perHead.map((values) => (values[i]! - centre) ** 2))),
  );
  return { mean, std };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
