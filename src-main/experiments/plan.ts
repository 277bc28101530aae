import { createHash } from 'node:crypto';
import { StudioError } from '../../src-shared/errors.ts';
import {
  gateStreamOf,
  refuseNotAvailable,
  runsOf,
  type ExperimentSpec,
} from '../../src-shared/experiment-spec.ts';
import type { DatasetSummary } from '../../src-shared/dataset.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import { isVisionStream, type StreamInfo } from '../../src-shared/streams.ts';
import type { PopulationRow } from '../catalog/population.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { RunToStore } from '../catalog/runs.ts';
import { countParameters } from '../fusion/head.ts';
import { preprocessedDimension } from '../fusion/preprocess.ts';
import { activeStream } from '../streams/registry.ts';
import { foldsHash, groupKFold, kFold } from './folds.ts';

/** Everything that is decided before the first step of training. */
export type ExperimentPlan = {
  spec: ExperimentSpec;
  dataset: DatasetSummary;
  targetLabel: string;
  /** Shared by all runs of the experiment: finite label and every stream that any run uses, in label order. */
  population: PopulationRow[];
  /** Test indices into the population, shared by all runs. */
  folds: Int32Array[];
  runs: RunToStore[];
};

/** Turns a complete spec into a plan, without writing. Throws StudioError naming what is missing or not available. */
export function planExperiment(reader: CatalogReader, spec: ExperimentSpec): ExperimentPlan {
  refuseNotAvailable(spec);
  const dataset = reader.datasets.named(spec.train);
  const targetLabel = targetLabelOf(dataset, reader.datasets.labels(dataset.id), spec);
  const members = runsOf(spec);
  const streams = [...new Set(members.flatMap((m) => m.spec.streams))].map((id) =>
    activeStream(reader, dataset, id),
  );
  const population = reader.population.rows(
    dataset.id,
    targetLabel,
    streams.map((s) => ({ stream: s.id, version: s.version })),
  );
  const { folds, unit } = makeFolds(spec, dataset, population);
  const shared = {
    kind: 'trained' as const,
    dataset: dataset.id,
    targetLabel,
    population: { n: population.length, hash: populationHash(population) },
    folds: { unit, hash: foldsHash(folds), count: folds.length },
    warnings: warningsOf(dataset, unit, population.length),
  };
  const runs = members.map((member): RunToStore => {
    const used = inFusedOrder(member.spec.streams).map((id) => streams.find((s) => s.id === id)!);
    return {
      ...shared,
      label: member.label,
      spec: member.spec,
      streams: used.map((s) => ({ stream: s.id, version: s.version, source: s.source })),
      parameters: parametersOf(member.spec, used, largestTrainingSide(population.length, folds)),
    };
  });
  return { spec, dataset, targetLabel, population, folds, runs };
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

function largestTrainingSide(n: number, folds: readonly Int32Array[]): number {
  return n - Math.min(...folds.map((fold) => fold.length));
}

/** The preset "paper" trains KonIQ-10k on its 1-5 MOS, as the paper does; everything else on the dataset's label. */
function targetLabelOf(dataset: DatasetSummary, labels: readonly string[], spec: ExperimentSpec): string {
  return spec.preset === 'paper' && dataset.format === 'koniq-10k' && labels.includes('MOS')
    ? 'MOS'
    : dataset.label;
}

function makeFolds(
  spec: ExperimentSpec,
  dataset: DatasetSummary,
  population: readonly PopulationRow[],
): { folds: Int32Array[]; unit: 'image' | 'group' } {
  if (spec.protocol.kind !== 'cv')
    throw new StudioError('not-available', `Protocol "${spec.protocol.kind}" is not available yet`);
  const { folds, seed, unit } = spec.protocol;
  if (unit === 'image') return { folds: kFold(population.length, folds, seed), unit };
  const groups = population.map((row) => {
    if (row.group === null) {
      throw new StudioError('bad-input', `"${dataset.name}" has no group for image ${row.name}`, {
        hint: 'Use "unit": "image", or import the dataset again with a group column.',
      });
    }
    return row.group;
  });
  return { folds: groupKFold(groups, folds, seed), unit };
}

/** SHA-256 over the contents in order: the same images in the same order give the same hash (data.md). */
export function populationHash(population: readonly { name: string; content: string }[]): string {
  const hash = createHash('sha256');
  for (const row of population) hash.update(`${row.name}\t${row.content}\n`);
  return hash.digest('hex');
}

function warningsOf(dataset: DatasetSummary, unit: 'image' | 'group', n: number): RunWarning[] {
  const warnings: RunWarning[] = [];
  if (unit === 'image' && dataset.groups !== null) {
    warnings.push({
      code: 'leakage',
      message: `Folds are drawn by image, but the images share ${dataset.groups.count} ${dataset.groups.kind} groups: the same content is on both sides of a split, so the figures are optimistic. Run it by group to see how much.`,
    });
  }
  if (n < dataset.images) {
    warnings.push({
      code: 'partial',
      message: `${dataset.images - n} of the ${dataset.images} images are left out: no score, no file, or a stream that is not extracted.`,
    });
  }
  return warnings;
}
