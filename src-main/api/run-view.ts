import { nameOf } from '../../src-shared/dataset-name.ts';
import { distortionName } from '../../src-shared/distortions.ts';
import type { ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import { membersOf } from '../../src-shared/experiment-spec.ts';
import { ensembleWords, partLabel, protocolSentence } from '../../src-shared/protocol-words.ts';
import type { Run, RunDetail } from '../../src-shared/runs.ts';
import { scaleOf } from '../experiments/label-scale.ts';
import { perDistortion } from '../evaluation/breakdown.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';

/** A stored run in the shape of the interface (RUN), with its dataset. */
export function runView(reader: CatalogReader, stored: StoredRun): Run {
  return {
    run: stored.id,
    experiment: stored.experiment,
    label: stored.label,
    preset: stored.spec?.preset ?? null,
    kind: stored.kind,
    status: stored.status,
    dataset: testedDataset(reader, stored),
    train: trainOf(reader, stored),
    streams: stored.streams,
    protocol: protocolOf(reader, stored),
    population: stored.population,
    folds: stored.folds,
    parts: partsOf(stored),
    metrics: stored.metrics,
    parameters: stored.parameters,
    seconds: stored.seconds,
    warnings: stored.warnings,
    error: stored.error,
    createdAt: stored.createdAt,
    finishedAt: stored.finishedAt,
  };
}

/** The dataset that a run was tested on, with the declared scale of the label that it predicts. */
function testedDataset(reader: CatalogReader, { dataset, targetLabel }: StoredRun): Run['dataset'] {
  const identity = reader.datasets.identity(dataset);
  const rated = { label: reader.datasets.defaultLabel(dataset), scale: identity.scale };
  return { ...identity, scale: scaleOf(rated, targetLabel) };
}

/** Everything of the Run page but the per-image arrays. */
export function runDetail(reader: CatalogReader, id: number): RunDetail {
  const stored = reader.runs.get(id);
  const run = runView(reader, stored);
  const predictions = stored.status === 'done' ? reader.runs.scores(id) : [];
  const { types, levels } = perDistortion(
    Float64Array.from(predictions, (p) => p.prediction),
    Float64Array.from(predictions, (p) => p.mos),
    predictions.map((p) => p.distortion),
    predictions.map((p) => p.level),
  );
  const siblings =
    stored.experiment === null
      ? []
      : reader.runs.ofExperiment(stored.experiment).map((r) => ({ run: r.id, label: r.label }));
  return {
    ...run,
    spec: stored.spec,
    siblings,
    perDistortion: types.map((t) => ({ ...t, name: distortionName(t.type) })),
    perLevel: levels,
    curves: reader.runs.folds(id).map((f) => ({ fold: f.fold, epochs: f.curve })),
    provenance: provenanceOf(run, stored.targetLabel),
    groupLevelSpec: groupLevelSpec(stored),
  };
}

function protocolOf(reader: CatalogReader, stored: StoredRun): string {
  const { kind, spec } = stored;
  if (kind === 'imported') return 'imported predictions';
  if (spec === null) return 'trained';
  const sentence = protocolSentence(spec.protocol, trainOf(reader, stored)?.name ?? null);
  if (spec.ensemble === undefined) return sentence;
  const { seeds, mcDropout } = membersOf(spec);
  return `${sentence}, ${ensembleWords(seeds.length, mcDropout)}`;
}

/** The second dataset of a run, which it is trained on; by the name in its spec where it has been deleted. */
function trainOf(reader: CatalogReader, { train, spec }: StoredRun): Run['train'] {
  if (train === null) return null;
  const { dataset, population } = train;
  const name = dataset === null ? (spec?.train ?? '') : reader.datasets.identity(dataset).name;
  return { id: dataset, name, population };
}

function partsOf({ spec, folds }: StoredRun): string[] {
  if (spec === null || folds === null) return [];
  return Array.from({ length: folds.count }, (_, part) => partLabel(spec.protocol.kind, part));
}

/** One line for under every chart and table: run, protocol, folds, hashes, n, target. */
function provenanceOf(run: Run, targetLabel: string): string {
  const short = (hash: string) => hash.slice(0, 8);
  return [
    `run ${run.run}`,
    `${nameOf(run.dataset)}, label ${targetLabel}`,
    run.protocol,
    ...(run.folds === null ? [] : [`folds ${short(run.folds.hash)}`]),
    `population ${short(run.population.hash)} (n = ${run.population.n})`,
    ...(run.train === null
      ? []
      : [
          `${run.train.name}: population ${short(run.train.population.hash)} (n = ${run.train.population.n})`,
        ]),
    ...(run.preset === null ? [] : [`preset ${run.preset}`]),
    ...run.streams.filter((s) => s.source !== 'computed here').map((s) => `${s.stream} from ${s.source}`),
  ].join(' · ');
}

/** The same experiment with its folds or splits by group, where this one leaks; null elsewhere. */
function groupLevelSpec(stored: StoredRun): ExperimentSpec | null {
  const { spec } = stored;
  if (spec === null || !('unit' in spec.protocol) || !stored.warnings.some((w) => w.code === 'leakage'))
    return null;
  return { ...spec, name: `${spec.name}, by group`, protocol: { ...spec.protocol, unit: 'group' } };
}
