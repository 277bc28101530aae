/** Job `compare-folders`: scores two versions of the same pictures with one run and says what got worse. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type {
  ComparedPair,
  ComparedSide,
  FolderComparison,
  PairedSummary,
  ThresholdOn,
  ThresholdVerdict,
} from '../../src-shared/folder-comparison.ts';
import type { PredictedImage } from '../../src-shared/jobs.ts';
import { toCommonScale } from '../../src-shared/scale.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import { summarizeDifferences } from '../evaluation/paired-difference.ts';
import { DEFAULT_RESAMPLES } from '../evaluation/resampling.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';
import type { LooseParts } from './loose-features.ts';
import { compareText, pairFiles, type FilePair } from './pair-files.ts';
import { predictImages } from './predict.ts';
import type { JobControl } from './queue.ts';

/** Absolute folders; `threshold` is a drop on the common scale (0.02 = 2 % of the label's scale). */
export type CompareFoldersPayload = {
  run: number;
  a: string;
  b: string;
  threshold: { on: ThresholdOn; threshold: number } | null;
};

const BOOTSTRAP_SEED = 42;

/**
 * Throws StudioError bad-input where nothing could be compared, ambiguous where files do not pair, and what predictImages
 * throws. A picture that can not be read is a pair with an error and never stops the rest.
 */
export async function compareFolders(
  { run: id, a, b, threshold }: CompareFoldersPayload,
  control: JobControl,
  parts: LooseParts,
): Promise<FolderComparison> {
  const { pairs: files, onlyA, onlyB } = pairFiles(await picturesIn(a), await picturesIn(b));
  if (files.length === 0) {
    throw new StudioError('bad-input', `No picture of ${a} has a counterpart in ${b}`, {
      file: b,
      hint: 'Pictures pair by their path in the folder, without the ending: x/1.png with x/1.webp.',
    });
  }
  const paths = files.flatMap((pair) => [path.join(a, pair.a), path.join(b, pair.b)]);
  const { predictions } = await predictImages({ run: id, paths }, control, parts);
  const predicted = new Map(predictions.map((p) => [p.image, p]));
  const run = parts.reader.runs.get(id);
  const dataset = parts.reader.datasets.identity(run.dataset);
  const side = (folder: string, file: string): ComparedSide =>
    comparedSide(file, predicted.get(path.join(folder, file))!, (p) => toCommonScale(p, dataset.scale));
  const pairs = files.map((pair) => comparedPair(pair, side(a, pair.a), side(b, pair.b))).sort(worstFirst);
  const differences = pairs.flatMap(({ difference }) => (difference === null ? [] : [difference]));
  if (differences.length === 0) throw nothingCompared(pairs);
  control.progress({ message: 'intervals' });
  const summary = await summarizeDifferences(Float64Array.from(differences), {
    seed: BOOTSTRAP_SEED,
    signal: control.signal,
  });
  return {
    version: 1,
    studio: STUDIO_VERSION,
    run: {
      run: id,
      label: run.label,
      dataset: dataset.name,
      scale: dataset.scale,
      streams: run.streams.map(({ stream, version }) => ({ stream, version })),
      population: run.population.hash,
    },
    a,
    b,
    counts: {
      pairs: pairs.length,
      compared: differences.length,
      failed: pairs.length - differences.length,
      only_a: onlyA.length,
      only_b: onlyB.length,
    },
    summary,
    bootstrap: { resamples: DEFAULT_RESAMPLES, seed: BOOTSTRAP_SEED },
    threshold: threshold === null ? null : verdictOf(summary, threshold),
    pairs,
    only_a: onlyA,
    only_b: onlyB,
  };
}

/** Exceeded where the chosen difference lies below -threshold: a drop of exactly the threshold is still allowed. */
export function verdictOf(
  summary: Pick<PairedSummary, ThresholdOn>,
  { on, threshold }: { on: ThresholdOn; threshold: number },
): ThresholdVerdict {
  const value = summary[on];
  return { on, threshold, value, exceeded: value < -threshold };
}

/** Relative paths of the pictures below a folder. */
async function picturesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, folder));
  });
  return names.filter((name) => PICTURE_EXTENSION.test(name)).map((name) => name.replaceAll(path.sep, '/'));
}

function comparedSide(
  file: string,
  { prediction, prediction_std, error }: PredictedImage,
  toQuality: (prediction: number) => number,
): ComparedSide {
  return {
    file,
    prediction,
    prediction_std,
    quality: prediction === null ? null : toQuality(prediction),
    error,
  };
}

function comparedPair({ name }: FilePair, a: ComparedSide, b: ComparedSide): ComparedPair {
  const difference = a.quality === null || b.quality === null ? null : b.quality - a.quality;
  return { name, a, b, difference };
}

function worstFirst(x: ComparedPair, y: ComparedPair): number {
  const [dx, dy] = [x.difference ?? Infinity, y.difference ?? Infinity];
  return dx < dy ? -1 : dx > dy ? 1 : compareText(x.name, y.name);
}

function nothingCompared(pairs: readonly ComparedPair[]): StudioError {
  const reason = pairs[0]!.a.error ?? pairs[0]!.b.error!;
  return new StudioError('bad-input', `None of ${pairs.length} pairs could be scored`, {
    hint: `The first: ${pairs[0]!.name}: ${reason.message}`,
  });
}
