import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blurSeparable,
  convolve,
  diskKernel,
  gaussianBlur,
  gaussianTaps,
  motionKernel,
} from '../../src-main/distortions/convolve.ts';
import type { Kernel } from '../../src-main/distortions/convolve.ts';
import { Random } from '../../src-main/distortions/random.ts';

const at = ({ side, weights }: Kernel, x: number, y: number): number =>
  weights[(y + (side >> 1)) * side + x + (side >> 1)]!;
const noisePlane = (width: number, height: number): Float32Array => {
  const random = new Random('plane');
  return Float32Array.from({ length: width * height }, () => random.uniform());
};

describe('kernels', () => {
  it('disk(1) is the one of MATLAB: areas of a unit circle', () => {
    const disk = diskKernel(1);
    expect(at(disk, 0, 0)).toBeCloseTo(0.3183, 4);
    expect(at(disk, 1, 0)).toBeCloseTo(0.1453, 4);
    expect(at(disk, 1, 1)).toBeCloseTo(0.0251, 4);
  });

  it('a horizontal motion of 9 px is nine equal weights; length 1 is the identity', () => {
    const line = motionKernel(9, 0);
    for (let x = -4; x <= 4; x++) expect(at(line, x, 0)).toBeCloseTo(1 / 9, 12);
    expect(line.weights.filter((weight) => weight !== 0)).toHaveLength(9);
    expect(motionKernel(1, 0.7).weights.filter((weight) => weight !== 0)).toEqual(Float64Array.of(1));
  });

  it('a motion at 45 degrees rises to the right', () => {
    const line = motionKernel(7, Math.PI / 4);
    expect(at(line, 2, -2)).toBeGreaterThan(0.1);
    expect(at(line, 2, 2)).toBe(0);
  });

  it('sum to 1 and are point-symmetric', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 12, noNaN: true }),
        fc.double({ min: 0, max: 3.2, noNaN: true }),
        (size, angle) => {
          for (const { weights } of [diskKernel(size), motionKernel(size, angle)]) {
            expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
            weights.forEach((weight, k) => expect(weights[weights.length - 1 - k]).toBeCloseTo(weight, 9));
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('convolution', () => {
  it('with separable Gaussian taps equals the full kernel, borders included', () => {
    const [width, height] = [13, 9];
    const plane = noisePlane(width, height);
    const taps = gaussianTaps(1.3, 3);
    const weights = Float64Array.from({ length: 49 }, (_, k) => taps[Math.floor(k / 7)]! * taps[k % 7]!);
    const full = convolve(plane, width, height, { side: 7, weights });
    blurSeparable(plane, width, height, taps).forEach((value, k) => expect(value).toBeCloseTo(full[k]!, 6));
  });

  it('repeats the border, so that a constant stays constant', () => {
    const plane = new Float32Array(12 * 10).fill(0.25);
    for (const blurred of [gaussianBlur(plane, 12, 10, 5), convolve(plane, 12, 10, diskKernel(8))]) {
      blurred.forEach((value) => expect(value).toBeCloseTo(0.25, 6));
    }
  });
});
