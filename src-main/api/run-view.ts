import { distortionName } from '../../src-shared/distortions.ts';
import type { ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { Run, RunDetail } from '../../src-shared/runs.ts';
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
    dataset: reader.datasets.identity(stored.dataset),
    streams: stored.streams,
    protocol: protocolOf(stored),
    population: stored.population,
    folds: stored.folds,
    metrics: stored.metrics,
    parameters: stored.parameters,
    seconds: stored.seconds,
    warnings: stored.warnings,
    error: stored.error,
    createdAt: stored.createdAt,
    finishedAt: stored.finishedAt,
  };
}

/** Everything of the Run page but the per-image arrays. */
export function runDetail(reader: CatalogReader, id: number): RunDetail {
  const stored = reader.runs.get(id);
  const run = runView(reader, stored);
  const predictions = stored.status === 'done' ? reader.runs.predictions(id) : [];
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

function protocolOf({ kind, folds }: StoredRun): string {
  if (kind === 'imported') return 'imported predictions';
  return folds === null ? 'trained' : `${folds.count}-fold cross-validation by ${folds.unit}`;
}

/** One line for under every chart and table: run, protocol, folds, hashes, n, target. */
function provenanceOf(run: Run, targetLabel: string): string {
  const short = (hash: string) => hash.slice(0, 8);
  return [
    `run ${run.run}`,
    `${run.dataset.name}, label ${targetLabel}${run.dataset.synthetic ? ' (synthetic)' : ''}`,
    run.protocol,
    ...(run.folds === null ? [] : [`folds ${short(run.folds.hash)}`]),
    `population ${short(run.population.hash)} (n = ${run.population.n})`,
    ...(run.preset === null ? [] : [`preset ${run.preset}`]),
    ...run.streams.filter((s) => s.source !== 'computed here').map((s) => `${s.stream} from ${s.source}`),
  ].join(' · ');
}

/** The same experiment with folds by group, where this one leaks; null elsewhere. */
function groupLevelSpec(stored: StoredRun): ExperimentSpec | null {
  const { spec } = stored;
  if (spec === null || spec.protocol.kind !== 'cv' || !stored.warnings.some((w) => w.code === 'leakage'))
    return null;
  return { ...spec, name: `${spec.name}, by group`, protocol: { ...spec.protocol, unit: 'group' } };
}
