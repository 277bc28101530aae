/** Per-image results of a run as columns, and the images that two runs have in common. */
import type { SharedImages } from '../../src-shared/analysis.ts';
import { StudioError } from '../../src-shared/errors.ts';

/** One entry per image, in label order. */
export type RunColumns = {
  image: readonly number[];
  name: readonly string[];
  mos: readonly number[];
  prediction: readonly number[];
  /** The model's own uncertainty, in label units. */
  predictionStd: readonly (number | null)[];
  /** Standard deviation of the raters. */
  mosStd: readonly (number | null)[];
  distortion: readonly (string | null)[];
  level: readonly (number | null)[];
  group: readonly (string | null)[];
};

/** What decides whether two runs can be compared image by image. */
export type RunIdentity = {
  run: number;
  dataset: { id: number; name: string };
  targetLabel: string;
  populationHash: string;
  foldsHash: string | null;
};

/** Two runs on the images that both have predicted. */
export type AlignedRuns = {
  images: SharedImages;
  a: Float64Array;
  b: Float64Array;
  mos: Float64Array;
  distortion: (string | null)[];
  /** Null where an image has no group: then images are drawn. */
  groups: string[] | null;
};

/**
 * The two runs on the same images. Population and folds that are equal make it all of them; otherwise the images that both
 * have predicted, if their scores are equal. Throws StudioError not-comparable that says why not.
 */
export function alignRuns(
  a: RunIdentity & { columns: RunColumns },
  b: RunIdentity & { columns: RunColumns },
): AlignedRuns {
  refuseOtherDataset(a, b);
  const place = new Map(b.columns.image.map((image, i) => [image, i]));
  const pairs = a.columns.image.flatMap((image, i) => {
    const j = place.get(image);
    return j === undefined ? [] : [[i, j] as const];
  });
  if (pairs.length < 2) {
    throw notComparable(
      a,
      b,
      `they have ${pairs.length} images in common`,
      'Choose runs on the same images.',
    );
  }
  const unequal = pairs.find(([i, j]) => !isEqual(a.columns.mos[i]!, b.columns.mos[j]!));
  if (unequal !== undefined) {
    const [i, j] = unequal;
    const scores = `${a.columns.name[i]} has ${a.columns.mos[i]} in one and ${b.columns.mos[j]} in the other`;
    throw notComparable(a, b, `their scores differ: ${scores}`, 'Choose runs with the same target label.');
  }
  const groups = pairs.map(([i]) => a.columns.group[i] ?? null);
  return {
    images: imagesOf(a, b, pairs.length),
    a: Float64Array.from(pairs, ([i]) => a.columns.prediction[i]!),
    b: Float64Array.from(pairs, ([, j]) => b.columns.prediction[j]!),
    mos: Float64Array.from(pairs, ([i]) => a.columns.mos[i]!),
    distortion: pairs.map(([i]) => a.columns.distortion[i] ?? null),
    groups: groups.every((group) => group !== null) ? groups : null,
  };
}

function refuseOtherDataset(a: RunIdentity, b: RunIdentity): void {
  if (a.dataset.id !== b.dataset.id) {
    const datasets = `one was tested on ${a.dataset.name}, the other on ${b.dataset.name}`;
    throw notComparable(a, b, datasets, 'The cross-dataset matrix shows runs on different datasets.');
  }
  if (a.targetLabel !== b.targetLabel) {
    const labels = `one predicts ${a.targetLabel}, the other ${b.targetLabel}`;
    throw notComparable(a, b, labels, 'Choose runs with the same target label.');
  }
}

function imagesOf(a: RunIdentity, b: RunIdentity, n: number): SharedImages {
  const samePopulation = a.populationHash === b.populationHash;
  if (samePopulation && a.foldsHash === b.foldsHash) {
    return { basis: 'same', n, note: `Same ${n} images and same folds.` };
  }
  const why = samePopulation
    ? 'The folds differ, so a part of the difference may come from them.'
    : 'The runs were tested on different sets of images, and a part of the difference may come from what each was trained on.';
  return { basis: 'shared', n, note: `On the ${n} images that both have predicted. ${why}` };
}

/** Labels come from the same column; a mapped one may differ in the last digit. */
function isEqual(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

function notComparable(a: RunIdentity, b: RunIdentity, why: string, hint: string): StudioError {
  return new StudioError(
    'not-comparable',
    `Runs ${a.run} and ${b.run} can not be compared image by image: ${why}`,
    { hint },
  );
}
