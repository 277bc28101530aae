/** Convolutions of float planes. Beyond the border the nearest pixel repeats, as in MATLAB's 'replicate'. */

/** A square kernel of odd side, row by row, that sums to 1 and equals itself turned by 180 degrees. */
export type Kernel = { side: number; weights: Float64Array };

/** Gaussian blur with a window of 2 ceil(2 sigma) + 1 (MATLAB's imgaussfilt), separable. */
export function gaussianBlur(
  plane: Float32Array,
  width: number,
  height: number,
  sigma: number,
): Float32Array {
  const taps = gaussianTaps(sigma, Math.ceil(2 * sigma));
  return blurSeparable(plane, width, height, taps);
}

/** Gaussian weights at -radius .. radius that sum to 1. */
export function gaussianTaps(sigma: number, radius: number): Float64Array {
  const taps = new Float64Array(2 * radius + 1);
  for (let k = -radius; k <= radius; k++) taps[k + radius] = Math.exp(-(k * k) / (2 * sigma * sigma));
  return normalised(taps);
}

/** Rows, then columns, with the same symmetric taps. */
export function blurSeparable(
  plane: Float32Array,
  width: number,
  height: number,
  taps: Float64Array,
): Float32Array {
  const radius = taps.length >> 1;
  const rows = new Float32Array(plane.length);
  const padded = new Float32Array(width + 2 * radius);
  for (let y = 0; y < height; y++) {
    const row = plane.subarray(y * width, (y + 1) * width);
    padded.fill(row[0]!, 0, radius);
    padded.set(row, radius);
    padded.fill(row[width - 1]!, width + radius);
    for (let x = 0; x < width; x++) {
      const centre = x + radius;
      let sum = taps[radius]! * padded[centre]!;
      for (let k = 1; k <= radius; k++)
        sum += taps[radius + k]! * (padded[centre - k]! + padded[centre + k]!);
      rows[y * width + x] = sum;
    }
  }
  const blurred = new Float32Array(plane.length);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = -radius; k <= radius; k++) {
      const from = clamp(y + k, height) * width;
      const weight = taps[k + radius]!;
      for (let x = 0; x < width; x++) sums[x]! += weight * rows[from + x]!;
    }
    blurred.set(sums, y * width);
  }
  return blurred;
}

/** Convolution with any small kernel. */
export function convolve(plane: Float32Array, width: number, height: number, kernel: Kernel): Float32Array {
  const radius = kernel.side >> 1;
  const wide = width + 2 * radius;
  const padded = new Float32Array(wide * (height + 2 * radius));
  for (let y = 0; y < height + 2 * radius; y++) {
    const from = clamp(y - radius, height) * width;
    const to = y * wide;
    padded.fill(plane[from]!, to, to + radius);
    padded.set(plane.subarray(from, from + width), to + radius);
    padded.fill(plane[from + width - 1]!, to + radius + width, to + wide);
  }
  const taps = [...kernel.weights.entries()].filter(([, weight]) => weight !== 0);
  const offsets = Int32Array.from(taps, ([k]) => Math.floor(k / kernel.side) * wide + (k % kernel.side));
  const weights = Float64Array.from(taps, ([, weight]) => weight);
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const start = y * wide + x;
      let sum = 0;
      for (let k = 0; k < offsets.length; k++) sum += weights[k]! * padded[start + offsets[k]!]!;
      out[y * width + x] = sum;
    }
  }
  return out;
}

/** A filled circle, each weight the circle's area in that pixel (MATLAB's fspecial('disk')). */
export function diskKernel(radius: number): Kernel {
  const reach = Math.ceil(radius);
  const side = 2 * reach + 1;
  const weights = new Float64Array(side * side);
  const slices = 256; // rows per pixel: the area is exact along x, integrated along y
  for (let y = -reach; y <= reach; y++) {
    for (let slice = 0; slice < slices; slice++) {
      const height = y - 0.5 + (slice + 0.5) / slices;
      const half = Math.sqrt(Math.max(0, radius * radius - height * height));
      for (let x = -reach; x <= reach; x++) {
        const overlap = Math.min(x + 0.5, half) - Math.max(x - 0.5, -half);
        if (overlap > 0) weights[(y + reach) * side + x + reach]! += overlap;
      }
    }
  }
  return { side, weights: normalised(weights) };
}

/** A line of `length` px through the centre, one px wide with linear fall-off (MATLAB's fspecial('motion')). */
export function motionKernel(length: number, angle: number): Kernel {
  const half = (length - 1) / 2;
  const reach = Math.ceil(half) + 1;
  const side = 2 * reach + 1;
  const weights = new Float64Array(side * side);
  const dx = Math.cos(angle);
  const dy = -Math.sin(angle);
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const along = Math.max(-half, Math.min(half, x * dx + y * dy));
      const distance = Math.hypot(x - along * dx, y - along * dy);
      weights[(y + reach) * side + x + reach] = distance < 1 - 1e-12 ? 1 - distance : 0;
    }
  }
  return { side, weights: normalised(weights) };
}

function normalised(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function clamp(index: number, count: number): number {
  return index < 0 ? 0 : index >= count ? count - 1 : index;
}
