// The log-Gabor filters of nss.md on the 32 x 32 DFT grid: two scales, four orientations in the four lanes.

/** Vectors [scale][kx][ky] of four gains, in the order in which log-gabor.ts reads them. */
export const FILTERS: usize = memory.data(2 * 32 * 32 * 16, 16);
/** Bytes of one scale and of one column of FILTERS. */
export const FILTER_SCALE: i32 = 16384;
export const FILTER_COLUMN: i32 = 512;

/**
 * Folded into every gain: 1/1024 of the inverse DFT, 1/1000 from thousandths to luma, and 1/2 that the forward
 * transform leaves out when it separates two rows.
 */
const SCALE: f64 = 0.5 / 1024.0 / 1000.0;
const ANGULAR_SIGMA: f64 = Math.PI / 6.0;

export function initFilters(): void {
  for (let scale = 0; scale < 2; scale++) {
    for (let kx = 0; kx < 32; kx++) {
      for (let ky = 0; ky < 32; ky++) {
        // Columns 16 .. 31 are made from column 32 - kx conjugated, which turns the frequencies ky round.
        const row = kx < 16 ? ky : (32 - ky) & 31;
        const address = FILTERS + scale * FILTER_SCALE + kx * FILTER_COLUMN + ky * 16;
        for (let o = 0; o < 4; o++) store<f32>(address + o * 4, f32(SCALE * gain(scale, o, kx, row)));
      }
    }
  }
}

function gain(scale: i32, orientation: i32, kx: i32, ky: i32): f64 {
  if (kx == 0 && ky == 0) return 0;
  const fx = frequency(kx);
  const fy = frequency(ky);
  const wavelength: f64 = scale == 0 ? 3.0 : 6.0;
  const octaves = Math.log(Math.sqrt(fx * fx + fy * fy) * wavelength);
  const bandwidth = Math.log(0.55);
  const radial = Math.exp(-(octaves * octaves) / (2.0 * bandwidth * bandwidth));
  const difference = Math.abs(Math.atan2(-fy, fx) - f64(orientation) * Math.PI / 4.0);
  const wrapped = difference > Math.PI ? 2.0 * Math.PI - difference : difference;
  return radial * Math.exp(-(wrapped * wrapped) / (2.0 * ANGULAR_SIGMA * ANGULAR_SIGMA));
}

/** numpy.fft.fftfreq(32)[k] */
function frequency(k: i32): f64 {
  return f64(k < 16 ? k : k - 32) / 32.0;
}
