/** The analyses of stored runs: the catalog's rows as columns, handed to evaluation/. Runs in the analysis thread. */
import type {
  DeltaAnalysis,
  ErrorAnalysis,
  GateAnalysis,
  GateDelta,
  GateInputRow,
  ImageGates,
  LogisticPlcc,
  PairedComparison,
} from '../../src-shared/analysis.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { gateStreamOf } from '../../src-shared/experiment-spec.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { deltaPerDistortion, gateAgainstDelta } from '../evaluation/distortion-delta.ts';
import { errorAgainstSpread } from '../evaluation/error-spread.ts';
import { meanGates } from '../evaluation/gate-means.ts';
import { logisticPlcc } from '../evaluation/logistic.ts';
import { pairedBootstrap } from '../evaluation/paired-bootstrap.ts';
import { alignRuns, type RunColumns, type RunIdentity } from '../evaluation/run-columns.ts';

/** The same resamples for every comparison, as for the intervals of single runs. */
const BOOTSTRAP_SEED = 42;

/** Differences of SROCC and PLCC with intervals. Throws StudioError not-comparable, not-found, cancelled. */
export async function pairedComparison(
  reader: CatalogReader,
  { run, baseline, resamples }: { run: number; baseline: number; resamples?: number | undefined },
  signal: AbortSignal,
): Promise<PairedComparison> {
  const { images, a, b, mos, groups } = alignRuns(columnsOf(reader, run), columnsOf(reader, baseline));
  const result = await pairedBootstrap(a, b, mos, {
    seed: BOOTSTRAP_SEED,
    signal,
    ...(groups === null ? {} : { groups }),
    ...(resamples === undefined ? {} : { resamples }),
  });
  return { run, baseline, images, unit: groups === null ? 'image' : 'group', ...result };
}

/** What run `with` gains over run `without` per distortion type. Throws StudioError not-comparable, not-found. */
export function distortionDelta(
  reader: CatalogReader,
  pair: { with: number; without: number },
): DeltaAnalysis {
  const aligned = alignRuns(columnsOf(reader, pair.with), columnsOf(reader, pair.without));
  return { ...pair, images: aligned.images, rows: deltaPerDistortion(aligned) };
}

/** Mean gates of a run; no streams where it has no gates. */
export function gateAnalysis(reader: CatalogReader, { run }: { run: number }): GateAnalysis {
  const stored = doneRun(reader, run);
  const { streams, image, gates } = imageGates(reader, { run });
  const rows = new Map(reader.runs.predictions(run).map((row) => [row.image, row]));
  const images = image.map((id, i) => ({
    distortion: rows.get(id)?.distortion ?? null,
    level: rows.get(id)?.level ?? null,
    gates: gates.map((column) => column[i]!),
  }));
  return { run, input: gateInput(stored), ...meanGates(streams, images) };
}

/** The gates of every image of a run, in label order; streams in the order of the run. */
export function imageGates(reader: CatalogReader, { run }: { run: number }): ImageGates {
  const stored = doneRun(reader, run);
  const known = reader.runs.gates(run);
  const found = new Set(known.map((gate) => gate.stream));
  const streams = stored.streams.map((s) => s.stream).filter((stream) => found.has(stream));
  const byImage = Map.groupBy(known, (gate) => gate.image);
  const gated = reader.runs.predictions(run).flatMap(({ image, name }) => {
    const own = new Map(byImage.get(image)?.map((gate) => [gate.stream, gate.gate]));
    return streams.length > 0 && streams.every((stream) => own.has(stream)) ? [{ image, name, own }] : [];
  });
  return {
    run,
    streams,
    image: gated.map((row) => row.image),
    name: gated.map((row) => row.name),
    gates: streams.map((stream) => gated.map((row) => row.own.get(stream)!)),
  };
}

/** Figure 4: mean gate of a stream against the delta of two runs. Throws StudioError as distortionDelta does. */
export function gateDelta(
  reader: CatalogReader,
  input: { run: number; stream: string; with: number; without: number },
): GateDelta {
  const gates = gateAnalysis(reader, input);
  if (!gates.streams.includes(input.stream)) {
    const has = gates.streams.length === 0 ? 'it has no gates' : `its gates: ${gates.streams.join(', ')}`;
    throw new StudioError('bad-input', `Run ${input.run} has no gate for "${input.stream}": ${has}`, {
      hint: 'Choose a gated run and one of its streams.',
    });
  }
  return gateAgainstDelta(gates, input.stream, distortionDelta(reader, input).rows);
}

/** Figure 5: gated runs, each with the correlation of its gates of `stream` with the same delta. */
export function gateInputs(
  reader: CatalogReader,
  input: { runs: readonly number[]; stream: string; with: number; without: number },
): GateInputRow[] {
  const { rows } = distortionDelta(reader, input);
  return input.runs.flatMap((run) => {
    const gates = gateAnalysis(reader, { run });
    const column = gates.streams.indexOf(input.stream);
    if (column < 0) return [];
    const stored = reader.runs.get(run);
    const means = gates.types.map((row) => row.mean[column]!);
    return [
      {
        run,
        label: stored.label,
        input: gates.input,
        srocc: stored.metrics?.overall.srocc ?? null,
        spread: means.length === 0 ? null : Math.max(...means) - Math.min(...means),
        correlation: gateAgainstDelta(gates, input.stream, rows).correlation,
      },
    ];
  });
}

/** Errors against the model's uncertainty and against the raters' spread. */
export function errorAnalysis(reader: CatalogReader, { run }: { run: number }): ErrorAnalysis {
  const { columns } = columnsOf(reader, run);
  return {
    run,
    uncertainty: errorAgainstSpread(columns.prediction, columns.mos, columns.predictionStd),
    raters: errorAgainstSpread(columns.prediction, columns.mos, columns.mosStd),
  };
}

/** PLCC after the logistic mapping. */
export function logisticAnalysis(reader: CatalogReader, { run }: { run: number }): LogisticPlcc {
  const { columns } = columnsOf(reader, run);
  const { plcc, curve } = logisticPlcc(Float64Array.from(columns.prediction), Float64Array.from(columns.mos));
  return { run, plcc, parameters: curve };
}

/** The stream that the gates of a run are computed from; null with static fusion and for imported predictions. */
export function gateInput({ spec }: Pick<StoredRun, 'spec'>): string | null {
  return spec === null ? null : gateStreamOf(spec);
}

function columnsOf(reader: CatalogReader, run: number): RunIdentity & { columns: RunColumns } {
  const stored = doneRun(reader, run);
  const rows = reader.runs.predictions(run);
  return {
    run,
    dataset: reader.datasets.identity(stored.dataset),
    targetLabel: stored.targetLabel,
    populationHash: stored.population.hash,
    foldsHash: stored.folds?.hash ?? null,
    columns: {
      image: rows.map((row) => row.image),
      name: rows.map((row) => row.name),
      mos: rows.map((row) => row.mos),
      prediction: rows.map((row) => row.prediction),
      predictionStd: rows.map((row) => row.predictionStd),
      mosStd: rows.map((row) => row.mosStd),
      distortion: rows.map((row) => row.distortion),
      level: rows.map((row) => row.level),
      group: rows.map((row) => row.group),
    },
  };
}

function doneRun(reader: CatalogReader, run: number): StoredRun {
  const stored = reader.runs.get(run);
  if (stored.status === 'done') return stored;
  throw new StudioError('not-available', `Run ${run} has no results: it is ${stored.status}`, {
    hint: 'Wait until it is done, or choose another run.',
  });
}
