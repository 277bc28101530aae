import { BLOCK } from './luma.ts';
import { moments } from './moments.ts';

const WAVELENGTHS = [3, 6];
const ORIENTATIONS = 4;
const SIGMA_ON_F = 0.55;
const ANGULAR_SIGMA = Math.PI / 6;

/** Complex values on the 32 x 32 grid, row-major. */
type Spectrum = { re: Float64Array; im: Float64Array };

/** Features 24-47 of a block (nss.md, Log-Gabor): mean and variance per filter, then the pooled moments. */
export function logGaborFeatures(luma: Float64Array): number[] {
  const spectrum = dft2({ re: luma, im: new Float64Array(luma.length) }, -1);
  const magnitudes = BANK.map((filter) => magnitude(spectrum, filter));
  const single = magnitudes.flatMap((values) => {
    const { mean, variance } = moments(values);
    return [mean, variance];
  });
  const pooled = magnitudes.slice(0, ORIENTATIONS).flatMap((fine, orientation) => {
    const coarse = magnitudes[ORIENTATIONS + orientation]!;
    const { skewness, kurtosis } = moments(Float64Array.of(...fine, ...coarse));
    return [skewness, kurtosis];
  });
  return [...single, ...pooled];
}

/** The 8 filters, scale-major, each 32 x 32 real values on the DFT grid. */
const BANK: Float64Array[] = WAVELENGTHS.flatMap((wavelength) =>
  Array.from({ length: ORIENTATIONS }, (_, o) => filter(wavelength, (o * Math.PI) / ORIENTATIONS)),
);

function filter(wavelength: number, orientation: number): Float64Array {
  const gains = new Float64Array(BLOCK * BLOCK);
  for (let ky = 0; ky < BLOCK; ky++) {
    for (let kx = 0; kx < BLOCK; kx++) {
      if (kx === 0 && ky === 0) continue;
      const fx = frequency(kx);
      const fy = frequency(ky);
      const radial = Math.exp(
        -(Math.log(Math.hypot(fx, fy) * wavelength) ** 2) / (2 * Math.log(SIGMA_ON_F) ** 2),
      );
      const difference = Math.atan2(-fy, fx) - orientation;
      const d = Math.abs(Math.atan2(Math.sin(difference), Math.cos(difference)));
      gains[ky * BLOCK + kx] = radial * Math.exp(-(d * d) / (2 * ANGULAR_SIGMA ** 2));
    }
  }
  return gains;
}

/** numpy.fft.fftfreq(32)[k] */
function frequency(k: number): number {
  return (k < BLOCK / 2 ? k : k - BLOCK) / BLOCK;
}

function magnitude(spectrum: Spectrum, gains: Float64Array): Float64Array {
  const filtered = {
    re: spectrum.re.map((v, i) => v * gains[i]!),
    im: spectrum.im.map((v, i) => v * gains[i]!),
  };
  const response = dft2(filtered, 1);
  return response.re.map((re, i) => Math.hypot(re, response.im[i]!) / (BLOCK * BLOCK));
}

/** Unnormalised two-dimensional DFT, by its definition along the rows, then along the columns. */
function dft2(input: Spectrum, sign: -1 | 1): Spectrum {
  return dftRowsTransposed(dftRowsTransposed(input, sign), sign);
}

const COSINE = Float64Array.from({ length: BLOCK }, (_, k) => Math.cos((2 * Math.PI * k) / BLOCK));
const SINE = Float64Array.from({ length: BLOCK }, (_, k) => Math.sin((2 * Math.PI * k) / BLOCK));

function dftRowsTransposed({ re, im }: Spectrum, sign: -1 | 1): Spectrum {
  const out = { re: new Float64Array(BLOCK * BLOCK), im: new Float64Array(BLOCK * BLOCK) };
  for (let row = 0; row < BLOCK; row++) {
    for (let k = 0; k < BLOCK; k++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let x = 0; x < BLOCK; x++) {
        const c = COSINE[(k * x) % BLOCK]!;
        const s = sign * SINE[(k * x) % BLOCK]!;
        const a = re[row * BLOCK + x]!;
        const b = im[row * BLOCK + x]!;
        sumRe += a * c - b * s;
        sumIm += a * s + b * c;
      }
      out.re[k * BLOCK + row] = sumRe;
      out.im[k * BLOCK + row] = sumIm;
    }
  }
  return out;
}
