/**
 * The weights of Pillow's resize of one axis on 8-bit samples (its src/libImaging/Resample.c, reducing_gap none): a
 * filter whose support grows with the reduction, normalised, in fixed point with 22 fractional bits.
 */

/** Fractional bits of a weight: 32 less 8 for the sample less 2 for the overshoot of bicubic. */
export const PRECISION_BITS = 22;

/** The two filters that encoders are trained with. */
export type Filter = 'bicubic' | 'bilinear';

/** What each sample of an axis is made of. */
export type Coefficients = {
  /** Most weights of one sample. */
  taps: number;
  /** Per sample: the first source sample with a weight. */
  starts: Int32Array;
  /** Per sample: how many source samples have a weight. */
  counts: Int32Array;
  /** samples x taps, row-major; zero beyond a sample's count. */
  weights: Int32Array;
};

const FILTERS: Record<Filter, { support: number; weight: (x: number) => number }> = {
  bicubic: { support: 2, weight: bicubic },
  bilinear: { support: 1, weight: bilinear },
};

/**
 * Weights of samples `first` ... `first + count - 1` of an axis of `inSize` samples resized to `outSize` samples.
 * Every operation is the one of Pillow's C, in its order, so that float64 rounds alike.
 */
export function resizeCoefficients(
  inSize: number,
  outSize: number,
  filter: Filter,
  first = 0,
  count = outSize,
): Coefficients {
  const { support: radius, weight } = FILTERS[filter];
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = radius * filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  const unrounded = new Float64Array(taps);
  for (let i = 0; i < count; i++) {
    const center = (first + i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const length = Math.min(Math.trunc(center + support + 0.5), inSize) - start;
    let sum = 0;
    for (let t = 0; t < length; t++) {
      unrounded[t] = weight((t + start - center + 0.5) * (1 / filterScale));
      sum += unrounded[t]!;
    }
    for (let t = 0; t < length; t++) {
      weights[i * taps + t] = fixedPoint(sum === 0 ? unrounded[t]! : unrounded[t]! / sum);
    }
    starts[i] = start;
    counts[i] = length;
  }
  return { taps, starts, counts, weights };
}

/** Nearest multiple of 2^-22, halves away from zero. */
function fixedPoint(weight: number): number {
  return Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
}

/** Keys' cubic convolution with a = -0.5. */
function bicubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function bilinear(x: number): number {
  const d = Math.abs(x);
  return d < 1 ? 1 - d : 0;
}
