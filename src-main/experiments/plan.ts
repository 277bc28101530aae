import { createHash } from 'node:crypto';
import { StudioError } from '../../src-shared/errors.ts';
import { gateStreamOf, runsOf, type ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { DatasetSummary } from '../../src-shared/dataset.ts';
import { isVisionStream, type StreamInfo } from '../../src-shared/streams.ts';
import type { PopulationRow } from '../catalog/population.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { RunToStore } from '../catalog/runs.ts';
import { countParameters } from '../fusion/head.ts';
import { preprocessedDimension } from '../fusion/preprocess.ts';
import { activeStream } from '../streams/registry.ts';
import { foldsHash } from './folds.ts';
import { mapScale, scaleOf, targetLabelOf } from './label-scale.ts';
import { makeParts, officialSide, unitOf, type Part } from './parts.ts';
import { planWarnings } from './plan-warnings.ts';
import { runWork } from './training-work.ts';

/** Everything that is decided before the first step of training. */
export type ExperimentPlan = {
  spec: ExperimentSpec;
  /**
   * All images of the experiment: those of the tested dataset, then those of a second one that is trained on; of each the ones with
   * a finite label and every stream that any run uses, in label order. Parts hold numbers of these rows.
   */
  rows: PopulationRow[];
  /** Labels of the rows, in label units of the tested dataset. */
  targets: Float64Array;
  runs: PlannedRun[];
};

/** A run before it is stored, and its parts; runs with the same training images share one object per part. */
export type PlannedRun = { run: RunToStore; parts: Part[] };

/** A dataset of the experiment with the label that is used. */
type RatedSide = { dataset: DatasetSummary; label: string; population: PopulationRow[] };

/** Turns a complete spec into a plan, without writing. Throws StudioError naming what is missing or not available. */
export function planExperiment(reader: CatalogReader, spec: ExperimentSpec): ExperimentPlan {
  const members = runsOf(spec);
  const { datasets, streams } = findData(reader, spec, [...new Set(members.flatMap((m) => m.spec.streams))]);
  const [tested, source = null] = datasets.map((dataset) => loadSide(reader, spec, dataset, streams));
  const parts = sharedParts(spec, tested!, source);
  const all = parts(members[0]!.spec);
  const shared = {
    kind: 'trained' as const,
    dataset: tested!.dataset.id,
    train: source === null ? null : { dataset: source.dataset.id, population: identityOf(source.population) },
    targetLabel: tested!.label,
    population: identityOf(tested!.population),
    folds: { unit: unitOf(spec.protocol), hash: foldsHash(all.map((part) => part.test)), count: all.length },
    warnings: planWarnings(spec.protocol, tested!, source, all),
  };
  const runs = members.map((member): PlannedRun => {
    const used = inFusedOrder(member.spec.streams).map((id) => streams.find((s) => s.id === id)!);
    const own = parts(member.spec);
    const run: RunToStore = {
      ...shared,
      label: member.label,
      spec: member.spec,
      streams: used.map((s) => ({ stream: s.id, version: s.version, source: s.source })),
      parameters: parametersOf(member.spec, used, Math.max(...own.map((part) => part.fit.length))),
      work: runWork(own, member.spec),
    };
    return { run, parts: own };
  });
  return {
    spec,
    rows: [...tested!.population, ...(source?.population ?? [])],
    targets: targetsOf(tested!, source),
    runs,
  };
}

/** The tested dataset first, then one that is trained on; and the streams in the version that all of them have. */
function findData(
  reader: CatalogReader,
  { train, test }: ExperimentSpec,
  ids: readonly string[],
): { datasets: DatasetSummary[]; streams: StreamInfo[] } {
  const names = test === undefined || test === train ? [train] : [test, train];
  const datasets = names.map((name) => reader.datasets.named(name));
  datasets.forEach(requireRated);
  const [tested, source] = datasets;
  if (tested!.id === source?.id) {
    throw new StudioError('bad-input', `"train" and "test" are the same dataset, "${tested!.name}"`, {
      hint: 'Name two datasets, or use protocol "cv".',
    });
  }
  const streams = ids.map((id) => {
    const [stream, other] = datasets.map((dataset) => activeStream(reader, dataset, id));
    if (other === undefined || other.version === stream!.version) return stream!;
    const text = `Stream "${id}" has version ${stream!.version} in "${tested!.name}" and ${other.version} in "${source!.name}"`;
    throw new StudioError('conflict', text, {
      hint: 'Extract or import the stream again so that both datasets have the same version.',
    });
  });
  return { datasets, streams };
}

function loadSide(
  reader: CatalogReader,
  spec: ExperimentSpec,
  dataset: DatasetSummary,
  streams: readonly StreamInfo[],
): RatedSide {
  const label = targetLabelOf(dataset, reader.datasets.labels(dataset.id), spec.preset);
  const keys = streams.map((s) => ({ stream: s.id, version: s.version }));
  const rows = reader.population.rows(dataset.id, label, keys);
  if (rows.length === 0) {
    throw new StudioError('bad-input', `"${dataset.name}" has no image with a score and all streams`, {
      hint: 'Extract the streams of the experiment for this dataset first.',
    });
  }
  const population =
    spec.protocol.kind === 'official' ? rows.filter((row) => officialSide(row.split) !== null) : rows;
  return { dataset, label, population };
}

/** Makes the parts of a run; once for all runs that train on the same images. */
function sharedParts(
  { protocol }: ExperimentSpec,
  tested: RatedSide,
  source: RatedSide | null,
): (run: ExperimentSpec) => Part[] {
  const made = new Map<string, Part[]>();
  return (run) => {
    const key = protocol.kind === 'fraction' ? JSON.stringify(run.protocol) : '';
    let parts = made.get(key);
    parts ??= makeParts(run.protocol, tested.dataset, tested.population, source?.population.length ?? 0);
    made.set(key, parts);
    return parts;
  };
}

/** Labels in units of the tested dataset: a second one's are mapped from its declared scale. */
function targetsOf(tested: RatedSide, source: RatedSide | null): Float64Array {
  const own = tested.population.map((row) => row.mos);
  if (source === null) return Float64Array.from(own);
  const map = mapScale(scaleOf(source.dataset, source.label), scaleOf(tested.dataset, tested.label));
  return Float64Array.from([...own, ...source.population.map((row) => map(row.mos))]);
}

/** Throws StudioError bad-input where nobody rated the images: there is nothing to train on or to compare with. */
export function requireRated(dataset: Pick<DatasetSummary, 'name' | 'rated'>): void {
  if (dataset.rated) return;
  throw new StudioError(
    'bad-input',
    `"${dataset.name}" has no scores: it cannot be trained on or compared with`,
    {
      hint: 'A run can score it: studio ladder check --run RUN --dataset NAME, or studio predict.',
    },
  );
}

/** NSS, SigLIP, CLIP-H, then the others as the spec names them: the order of the fused vector (spec/fusion.md). */
function inFusedOrder(streams: readonly string[]): string[] {
  const place = (id: string): number =>
    !isVisionStream(id) ? 0 : /^siglip/i.test(id) ? 1 : /^clip/i.test(id) ? 2 : 3;
  return streams.toSorted((a, b) => place(a) - place(b));
}

/** The streams of one planned or stored run as catalog keys. */
export function streamKeys(run: { streams: RunToStore['streams'] }): { stream: string; version: string }[] {
  return run.streams.map(({ stream, version }) => ({ stream, version }));
}

/** Trainable parameters of gates and head over these streams, preprocessed as fitted on `n` images (2.4, 2.5). */
function parametersOf(spec: ExperimentSpec, streams: readonly StreamInfo[], n: number): number {
  const { pca, hidden } = spec.fusion;
  const widths = streams.map(({ id, dimension }) => ({
    id,
    width: preprocessedDimension(id, dimension, n, pca),
  }));
  return countParameters({ streams: widths, hidden, gate: gateStreamOf(spec) });
}

function identityOf(population: readonly PopulationRow[]): { n: number; hash: string } {
  return { n: population.length, hash: populationHash(population) };
}

/** SHA-256 over the contents in order: the same images in the same order give the same hash (data.md). */
export function populationHash(population: readonly { name: string; content: string }[]): string {
  const lines = population.map((row) => `${row.name}\t${row.content}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}
