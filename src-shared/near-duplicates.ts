/** Near-duplicates across the two sides of a run's splits, as `runs.nearDuplicates` answers. */

/** One side of a pair. */
export type DuplicateSide = { image: number; name: string; mos: number | null };

/** A test image and the training image most like it. */
export type NearDuplicatePair = {
  /** The fold, from 0. */
  part: number;
  test: DuplicateSide;
  train: DuplicateSide;
  /** Bits of the perceptual hash that differ, of 64. */
  distance: number;
  /** Of the confirming stream; null where the run has none. */
  cosine: number | null;
  /** Near-duplicates of the test image in training. */
  inTraining: number;
};

/** What was found; the closest pairs first. */
export type NearDuplicates = {
  /** Test images (once per part), and those of them that could be compared: images without a fingerprint can not. */
  total: number;
  checked: number;
  /** The stream whose cosine confirmed the pairs; null where there was none. */
  stream: string | null;
  /** Test images with a near-duplicate in training. */
  images: number;
  pairs: NearDuplicatePair[];
};
