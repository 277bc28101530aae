/** Name and version of the crop rule (src-shared/crops.ts): part of the stream version. */
export const FIVE_CROP_RULE = 'five-crop/1';

/** Crops of a picture. */
export const CROP_COUNT = 5;
