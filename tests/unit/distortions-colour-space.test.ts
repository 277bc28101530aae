import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSrgb, fromLab, toLab } from '../../src-main/distortions/lab.ts';
import { toPicture } from '../../src-main/distortions/planes.ts';

function labOf(...rgb: number[]): number[] {
  const { planes } = toLab({ width: 1, height: 1, data: Uint8Array.from(rgb) });
  return planes.map((plane) => plane[0]!);
}

describe('CIELAB', () => {
  // Published values for sRGB under D65 (Lindbloom's calculator).
  it.each([
    [
      [255, 0, 0],
      [53.24, 80.09, 67.2],
    ],
    [
      [0, 255, 0],
      [87.73, -86.18, 83.18],
    ],
    [
      [0, 0, 255],
      [32.3, 79.19, -107.86],
    ],
    [
      [255, 255, 255],
      [100, 0, 0],
    ],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    [
      [119, 119, 119],
      [50.03, 0, 0],
    ],
  ])('of %j is %j', (rgb, expected) => {
    labOf(...rgb).forEach((value, c) => expect(Math.abs(value - expected[c]!)).toBeLessThan(0.02));
  });

  it('comes back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 30, maxLength: 30 }), (data) => {
        const picture = { width: 10, height: 1, data };
        expect(toPicture(fromLab(toLab(picture))).data).toEqual(data);
      }),
    );
  });

  it('encodes linear light as the sRGB formula does', () => {
    for (let k = 1; k < 3000; k++) {
      const linear = k / 3000;
      const exact = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
      expect(Math.abs(encodeSrgb(linear) - exact)).toBeLessThan(2e-5);
    }
    expect([encodeSrgb(-1), encodeSrgb(2)]).toEqual([0, 1]);
  });
});
