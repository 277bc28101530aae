/** The parts of a run: what each of them trains on and tests (paper, sections 2.8 and 3.2; spec: data.md, Folds). */
import { StudioError } from '../../src-shared/errors.ts';
import type { Protocol } from '../../src-shared/experiment-spec.ts';
import type { PopulationRow } from '../catalog/population.ts';
import { groupKFold, groupShuffleSplit, kFold, nestedSubset, shuffleSplit } from './folds.ts';

/** Row numbers, ascending: the tested dataset's images come first, then those of a second dataset that is trained on. */
export type Part = {
  test: Int32Array;
  /** Rows of the only stage of training, or of the last one. */
  train: Int32Array;
  /** Rows of the stage before it, in protocol finetune. */
  pretrain: Int32Array | null;
  /** What preprocessing and the scale of the targets are fitted on: all rows that are trained on. */
  fit: Int32Array;
};

/** Seed of the first random split; the next ones count up from it (spec: data.md). */
const FIRST_SPLIT_SEED = 42;

/** The unit that a protocol draws; cross and official have none of their own. */
export function unitOf(protocol: Protocol): 'image' | 'group' {
  return 'unit' in protocol ? protocol.unit : 'image';
}

/**
 * The parts of one run over the images of the tested dataset and `sources` images of a second one. A fraction protocol must name the run's
 * one fraction. Throws StudioError bad-input where the images do not allow it: too few, no groups, no official split.
 */
export function makeParts(
  protocol: Protocol,
  dataset: { name: string },
  images: readonly PopulationRow[],
  sources: number,
): Part[] {
  const source = Int32Array.from({ length: sources }, (_, i) => images.length + i);
  switch (protocol.kind) {
    case 'cross':
      return [part(Int32Array.from(images.keys()), source)];
    case 'official':
      return [officialPart(dataset, images)];
    case 'split':
      return Array.from({ length: protocol.repeats }, (_, repeat) => {
        const test = randomTestSide(protocol, dataset, images, FIRST_SPLIT_SEED + repeat);
        return part(test, others(images.length, test));
      });
    case 'cv':
    case 'finetune':
    case 'fraction':
      return testFolds(protocol, dataset, images).map((test) => {
        const rest = others(images.length, test);
        if (protocol.kind === 'finetune') return part(test, rest, source);
        return part(test, protocol.kind === 'cv' ? rest : fractionOf(rest, protocol, dataset, images));
      });
  }
}

/** Which side of the official split an image is on; null: on none, or the dataset has none. */
export function officialSide(split: string | null): 'train' | 'test' | null {
  const name = split?.trim().toLowerCase() ?? '';
  if (/^(train(ing)?|val(id(ation)?)?|dev)$/.test(name)) return 'train';
  return /^test(ing)?$/.test(name) ? 'test' : null;
}

function part(test: Int32Array, train: Int32Array, pretrain: Int32Array | null = null): Part {
  // The rows of a second dataset come last, so that this order is ascending.
  return { test, train, pretrain, fit: pretrain === null ? train : Int32Array.from([...train, ...pretrain]) };
}

function testFolds(
  { folds, seed, unit }: Extract<Protocol, { folds: number }>,
  dataset: { name: string },
  images: readonly PopulationRow[],
): Int32Array[] {
  return unit === 'image'
    ? kFold(images.length, folds, seed)
    : groupKFold(groupsOf(dataset, images), folds, seed);
}

function randomTestSide(
  { unit }: Extract<Protocol, { kind: 'split' }>,
  dataset: { name: string },
  images: readonly PopulationRow[],
  seed: number,
): Int32Array {
  return unit === 'image'
    ? shuffleSplit(images.length, seed)
    : groupShuffleSplit(groupsOf(dataset, images), seed);
}

/** The run's share of a training side: nested, so that a larger fraction has the images of a smaller one. */
function fractionOf(
  side: Int32Array,
  { fractions, seed, unit }: Extract<Protocol, { kind: 'fraction' }>,
  dataset: { name: string },
  images: readonly PopulationRow[],
): Int32Array {
  const share = fractions[0]!;
  const rows = Array.from(side, (row) => images[row]!);
  const groups = unit === 'image' ? null : groupsOf(dataset, rows);
  return nestedSubset(side.length, groups, share, seed).map((position) => side[position]!);
}

function officialPart(dataset: { name: string }, images: readonly PopulationRow[]): Part {
  const rows = Int32Array.from(images.keys());
  const side = (wanted: 'train' | 'test') =>
    rows.filter((row) => officialSide(images[row]!.split) === wanted);
  const [train, test] = [side('train'), side('test')];
  if (train.length > 0 && test.length > 0) return part(test, train);
  throw new StudioError(
    'bad-input',
    `"${dataset.name}" has no official split into training and test images`,
    {
      hint: 'Use protocol "cv" or "split", or import the dataset with the label file that has its split (a column "set" or "split" with training, validation, test).',
    },
  );
}

/** The group of each image; StudioError bad-input where one has none. */
function groupsOf(dataset: { name: string }, images: readonly PopulationRow[]): string[] {
  return images.map((row) => {
    if (row.group === null) {
      throw new StudioError('bad-input', `"${dataset.name}" has no group for image ${row.name}`, {
        hint: 'Use "unit": "image", or import the dataset with --group-column.',
      });
    }
    return row.group;
  });
}

function others(n: number, test: Int32Array): Int32Array {
  const tested = new Uint8Array(n);
  for (const row of test) tested[row] = 1;
  const rest = new Int32Array(n - test.length);
  let at = 0;
  for (let row = 0; row < n; row++) if (tested[row] === 0) rest[at++] = row;
  return rest;
}
