/** Cross-validation folds, identical to scikit-learn's KFold(k, shuffle=True, random_state=seed) (spec: data.md). */
import { createHash } from 'node:crypto';
import { StudioError } from '../../src-shared/errors.ts';
import { NumpyRandomState } from './numpy-random.ts';

/** Test indices of each fold, ascending, over n images in label order; StudioError bad-input for fewer images than folds. */
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
  const numbers = new Map<string, number>();
  for (const group of groups) if (!numbers.has(group)) numbers.set(group, numbers.size);
  if (numbers.size < k) {
    throw new StudioError(
      'bad-input',
      `${k} folds by group need at least ${k} groups, there are ${numbers.size}`,
      {
        hint: 'Use fewer folds ("protocol.folds") or folds by image ("protocol.unit": "image").',
      },
    );
  }
  const foldOfGroup = new Int32Array(numbers.size);
  split(numbers.size, k, seed).forEach((members, fold) =>
    members.forEach((group) => (foldOfGroup[group] = fold)),
  );
  const foldOfImage = groups.map((group) => foldOfGroup[numbers.get(group)!]!);
  return Array.from({ length: k }, (_, fold) =>
    Int32Array.from(foldOfImage.flatMap((f, image) => (f === fold ? [image] : []))),
  );
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
