// The NSS kernel: 69 features of each block of a tile (nss-138/1). The host writes RGB bytes with their halo, calls
// the families in this order, and reads the output. No allocation, no import, one instance a thread.

import { OUTPUT, RGB, RGB_STRIDE, TILE_BLOCKS } from './layout';
import { initFft } from './fft32';
import { initFilters } from './filter-bank';
import { initIntensity } from './intensity';
import { initLbp } from './lbp';

export { fillPlanes } from './planes';
export { fillHistograms } from './histogram';
export { intensityFeatures } from './intensity';
export { sobelFeatures } from './sobel';
export { lbpFeatures } from './lbp';
export { logGaborFeatures } from './log-gabor';
export { digitFeatures } from './digit';
export { colorFeatures } from './color';

export function inputAddress(): usize {
  return RGB;
}

export function inputStride(): i32 {
  return RGB_STRIDE;
}

export function outputAddress(): usize {
  return OUTPUT;
}

export function tileBlocks(): i32 {
  return TILE_BLOCKS;
}

initFft();
initFilters();
initIntensity();
initLbp();
