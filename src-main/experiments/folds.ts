/** Cross-validation folds and random splits, identical to scikit-learn's with the same seed (spec: data.md). */
import { createHash } from 'node:crypto';
import { StudioError } from '../../src-shared/errors.ts';
import { NumpyRandomState } from './numpy-random.ts';

/** KFold(k, shuffle=True, random_state=seed): test indices of each fold, ascending, over n images in label order; StudioError bad-input for fewer images than folds. */
export function kFold(n: number, k: number, seed: number): Int32Array[] {
  if (n < k) {
    throw new StudioError('bad-input', `${k} folds need at least ${k} images, there are ${n}`, {
      hint: 'Use fewer folds ("protocol.folds") or a larger dataset.',
    });
  }
  return split(n, k, seed);
}

/**
 * The same over groups, in the order in which they first appear: all images of a group are in one fold. Each fold holds
 * image indices in label order; StudioError bad-input for fewer groups than folds.
 */
export function groupKFold(groups: readonly string[], k: number, seed: number): Int32Array[] {
  const { count, ofImage } = numberGroups(groups);
  if (count < k) {
    throw new StudioError('bad-input', `${k} folds by group need at least ${k} groups, there are ${count}`, {
      hint: 'Use fewer folds ("protocol.folds") or folds by image ("protocol.unit": "image").',
    });
  }
  return split(count, k, seed).map((members) => imagesOf(members, ofImage));
}

/** Share of a random split that is tested. */
const TEST_SHARE = 0.2;

/**
 * ShuffleSplit(1, test_size=0.2, random_state=seed) over n images, which train_test_split uses too: ceil(0.2 n) test indices, ascending.
 * StudioError bad-input where less than two images are left to train on.
 */
export function shuffleSplit(n: number, seed: number): Int32Array {
  const size = Math.ceil(TEST_SHARE * n);
  if (n - size < 2) {
    throw new StudioError('bad-input', `A random 80/20 split needs more than ${n} images or groups`, {
      hint: 'Use a larger dataset.',
    });
  }
  return new NumpyRandomState(seed).permutation(n).slice(0, size).sort();
}

/** GroupShuffleSplit in the same way, over groups numbered in order of first appearance; gives image indices, ascending. */
export function groupShuffleSplit(groups: readonly string[], seed: number): Int32Array {
  const { count, ofImage } = numberGroups(groups);
  return imagesOf(shuffleSplit(count, seed), ofImage);
}

/**
 * The first round(share * units) units of a random order, as positions among the images, ascending: for one seed the subset of a
 * smaller share lies within that of a larger one. Units are images, or whole groups.
 */
export function nestedSubset(
  n: number,
  groups: readonly string[] | null,
  share: number,
  seed: number,
): Int32Array {
  const { count, ofImage } = groups === null ? { count: n, ofImage: null } : numberGroups(groups);
  const units = new NumpyRandomState(seed)
    .permutation(count)
    .slice(0, Math.round(share * count))
    .sort();
  return ofImage === null ? units : imagesOf(units, ofImage);
}

/** Numbers groups in order of first appearance. */
function numberGroups(groups: readonly string[]): { count: number; ofImage: Int32Array } {
  const numbers = new Map<string, number>();
  for (const group of groups) if (!numbers.has(group)) numbers.set(group, numbers.size);
  return { count: numbers.size, ofImage: Int32Array.from(groups, (group) => numbers.get(group)!) };
}

/** The images of some groups, ascending. */
function imagesOf(groups: Int32Array, groupOfImage: Int32Array): Int32Array {
  const wanted = new Uint8Array(groupOfImage.length); // there are no more groups than images
  for (const group of groups) wanted[group] = 1;
  const images: number[] = [];
  groupOfImage.forEach((group, image) => wanted[group] === 1 && images.push(image));
  return Int32Array.from(images);
}

/**
 * Identity of a set of folds: SHA-256 (hex) of one line per fold, joined by line feeds, each line the fold's test
 * indices in decimal joined by commas. Equal hashes and populations: runs compare image by image.
 */
export function foldsHash(folds: readonly Int32Array[]): string {
  return createHash('sha256')
    .update(folds.map((fold) => fold.join(',')).join('\n'))
    .digest('hex');
}

/** A shuffled 0 .. n - 1 cut into k runs, the first n mod k of them one longer; each ascending. */
function split(n: number, k: number, seed: number): Int32Array[] {
  const shuffled = new NumpyRandomState(seed).permutation(n);
  const starts = Array.from({ length: k + 1 }, (_, fold) => fold * Math.floor(n / k) + Math.min(fold, n % k));
  return Array.from({ length: k }, (_, fold) => shuffled.slice(starts[fold], starts[fold + 1]).sort());
}
