/** The members of an ensemble: trained one after the other on the same prepared streams, and predicted together (paper, section 2.8). */
import type { Curve } from '../catalog/runs.ts';
import { predictPasses, predictPrepared, type HeadOutput } from '../fusion/predict.ts';
import type { PreparedStream } from '../fusion/preprocess.ts';
import { Random } from '../fusion/random.ts';
import { trainPrepared, type EpochReport, type MemberOptions, type PreparedInput } from '../fusion/train.ts';
import type { TrainedHead } from '../fusion/trained-head.ts';
import type { Ort } from '../graph/runtime.ts';

/** One head per seed. The curve's loss is the mean over the members. */
export async function trainMembers(
  ort: Ort,
  {
    input,
    options,
    seeds,
    onEpoch,
  }: {
    input: PreparedInput;
    options: Omit<MemberOptions, 'seed'>;
    seeds: readonly number[];
    onEpoch: (epoch: EpochReport) => void;
  },
): Promise<{ heads: TrainedHead[]; curve: Curve }> {
  const heads: TrainedHead[] = [];
  const curve: Curve = [];
  for (const seed of seeds) {
    const collect = (report: EpochReport): void => {
      const { epoch, loss, lr } = report;
      const point = (curve[epoch - 1] ??= { epoch, loss: 0, lr });
      point.loss += loss / seeds.length;
      onEpoch(report);
    };
    heads.push(await trainPrepared(ort, input, { ...options, seed, onEpoch: collect }));
  }
  return { heads, curve };
}

/** Stochastic passes of each member; `count` 0: one deterministic pass. */
type Passes = { count: number; rate: number; seeds: readonly number[] };

/** Sets the masks of prediction apart from those of training, which start from the seed itself. */
const MASK_SEED = 0x4d435044;

/**
 * Mean and standard deviation (divisor: their number) of all passes of all members for the given rows, in label units; the deviation is
 * null where there is only one. Gates are means over the members.
 */
export async function predictMembers(
  ort: Ort,
  heads: readonly TrainedHead[],
  { streams, rows }: { streams: readonly PreparedStream[]; rows: Int32Array },
  { count, rate, seeds }: Passes,
): Promise<{
  predictions: Float64Array;
  std: Float64Array | null;
  gates: Record<string, Float64Array>;
}> {
  const passes: HeadOutput[] = [];
  for (const [member, head] of heads.entries()) {
    if (count === 0) passes.push(await predictPrepared(ort, head, streams, rows));
    else {
      const seed = new Random(seeds[member]! ^ MASK_SEED).bits();
      passes.push(...(await predictPasses(ort, head, streams, rows, { passes: count, rate, seed })));
    }
  }
  // A member's gates are the same in each of its passes: they do not depend on the masks.
  const gates = Object.keys(passes[0]!.gates).map(
    (id) => [id, meanOf(passes.map((pass) => pass.gates[id]!))] as const,
  );
  const predictions = passes.map((pass) => pass.predictions);
  const mean = meanOf(predictions);
  return {
    predictions: mean,
    std: predictions.length === 1 ? null : deviationOf(predictions, mean),
    gates: Object.fromEntries(gates),
  };
}

function meanOf(lists: readonly Float64Array[]): Float64Array {
  return lists[0]!.map((_, i) => lists.reduce((sum, list) => sum + list[i]!, 0) / lists.length);
}

function deviationOf(lists: readonly Float64Array[], mean: Float64Array): Float64Array {
  return mean.map((centre, i) =>
    Math.sqrt(lists.reduce((sum, list) => sum + (list[i]! - centre) ** 2, 0) / lists.length),
  );
}
