import { describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { applyDistortion } from '../../src-main/distortions/apply.ts';
import { deadLeavesScene } from '../../src-main/distortions/dead-leaves.ts';
import { denoiseDct } from '../../src-main/distortions/denoise.ts';
import { decodeJpeg2000, encodeJpeg2000 } from '../../src-main/distortions/openjpeg.ts';
import { Random } from '../../src-main/distortions/random.ts';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { DISTORTION_TYPES } from '../../src-shared/distortions.ts';

const scene = deadLeavesScene('test', 128, 96);
const grey: RgbPicture = { width: 256, height: 200, data: new Uint8Array(256 * 200 * 3).fill(128) };
const RANDOM_TYPES = ['03', '05', '11', '12', '13', '14', '15', '19', '20', '23'];

const differences = (a: RgbPicture, b: RgbPicture): number =>
  a.data.filter((value, k) => value !== b.data[k]).length;
const meanAndVariance = (values: number[]): [number, number] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
};
/** Differences from mid grey in 0..1, one channel of every pixel. */
const noiseOf = ({ data }: RgbPicture, channel: number): number[] =>
  Array.from({ length: data.length / 3 }, (_, i) => (data[3 * i + channel]! - 128) / 255);

describe('applyDistortion', () => {
  it('refuses unknown types, levels and tiny pictures', async () => {
    await expect(applyDistortion(scene, '26', 1, 1)).rejects.toMatchObject({ code: 'bad-input' });
    await expect(applyDistortion(scene, '01', 6, 1)).rejects.toMatchObject({ code: 'bad-input' });
    const tiny = { width: 31, height: 40, data: new Uint8Array(31 * 40 * 3) };
    await expect(applyDistortion(tiny, '01', 1, 1)).rejects.toMatchObject({ code: 'bad-input' });
  });

  it.each(DISTORTION_TYPES.map(({ type }) => type))(
    'type %s: same seed, same bytes; the input stays; level 5 shows',
    async (type) => {
      const before = scene.data.slice();
      const first = await applyDistortion(scene, type, 5, 'a');
      expect(first.data).toEqual((await applyDistortion(scene, type, 5, 'a')).data);
      expect(scene.data).toEqual(before);
      expect(first).toMatchObject({ width: 128, height: 96 });
      expect(first.data).toHaveLength(128 * 96 * 3);
      expect(differences(first, scene)).toBeGreaterThan(500);
      const other = await applyDistortion(scene, type, 5, 'b');
      expect(differences(first, other) > 0).toBe(RANDOM_TYPES.includes(type));
    },
  );

  it('keeps the picture where the parameter says so', async () => {
    for (const type of ['01', '03', '08', '18']) {
      expect((await applyDistortion(scene, type, 1, 1)).data).toEqual(scene.data);
    }
  });
});

describe('noise', () => {
  it('11: has the variance of the table, mean 0, independent channels', async () => {
    const noisy = await applyDistortion(grey, '11', 5, 7);
    const [red, green] = [noiseOf(noisy, 0), noiseOf(noisy, 1)];
    const [mean, variance] = meanAndVariance(red);
    expect(Math.abs(mean)).toBeLessThan(0.002);
    expect(variance).toBeCloseTo(0.01, 3);
    const covariance = red.reduce((sum, value, i) => sum + value * green[i]!, 0) / red.length;
    expect(Math.abs(covariance)).toBeLessThan(3e-4);
  });

  it('12: is white in Y, Cb, Cr', async () => {
    const noisy = await applyDistortion(grey, '12', 1, 7);
    const [r, g, b] = [0, 1, 2].map((c) => noiseOf(noisy, c)) as [number[], number[], number[]];
    const blueDifference = r.map((red, i) => -0.168736 * red - 0.331264 * g[i]! + 0.5 * b[i]!);
    // Clipping at 0 and 255 takes a little off the variance.
    expect(meanAndVariance(blueDifference)[1]).toBeGreaterThan(0.0125);
    expect(meanAndVariance(blueDifference)[1]).toBeLessThan(0.0142);
    const luma = r.map((red, i) => 0.299 * red + 0.587 * g[i]! + 0.114 * b[i]!);
    const covariance = luma.reduce((sum, value, i) => sum + value * blueDifference[i]!, 0) / luma.length;
    expect(Math.abs(covariance)).toBeLessThan(5e-4);
  });

  it('13: density counts values, half of them salt; levels are nested', async () => {
    const [weak, strong] = [await applyDistortion(grey, '13', 2, 7), await applyDistortion(grey, '13', 5, 7)];
    const salt = strong.data.filter((value) => value === 255).length / strong.data.length;
    const pepper = strong.data.filter((value) => value === 0).length / strong.data.length;
    expect(salt).toBeCloseTo(0.015, 2);
    expect(pepper).toBeCloseTo(0.015, 2);
    weak.data.forEach((value, k) => value !== 128 && expect(strong.data[k]).toBe(value));
  });

  it('14: grows with the value; black stays black', async () => {
    const noisy = await applyDistortion(grey, '14', 3, 7);
    expect(meanAndVariance(noiseOf(noisy, 2))[1]).toBeCloseTo(0.01 * (128 / 255) ** 2, 4);
    const black = { ...grey, data: new Uint8Array(grey.data.length) };
    expect((await applyDistortion(black, '14', 5, 7)).data).toEqual(black.data);
  });

  it('15: the denoiser keeps a clean picture and takes most noise off a flat one', async () => {
    const random = new Random('clean');
    const plane = (): Float32Array => Float32Array.from({ length: 40 * 33 }, () => random.uniform());
    const clean = {
      width: 40,
      height: 33,
      planes: [plane(), plane(), plane()] as [Float32Array, Float32Array, Float32Array],
    };
    denoiseDct(clean, 0).planes.forEach((values, c) =>
      values.forEach((value, i) => expect(value).toBeCloseTo(clean.planes[c]![i]!, 5)),
    );
    const denoised = await applyDistortion(grey, '15', 5, 7);
    expect(meanAndVariance(noiseOf(denoised, 1))[1]).toBeLessThan(0.01 / 10);
  });
});

describe('colour', () => {
  it('06: leaves no more colours than the palette has, and all where there are few', async () => {
    const coarse = await applyDistortion(scene, '06', 5, 1);
    const colours = new Set(
      Array.from({ length: 128 * 96 }, (_, i) => coarse.data.subarray(3 * i, 3 * i + 3).join()),
    );
    expect(colours.size).toBe(8);
    expect((await applyDistortion(grey, '06', 5, 1)).data).toEqual(grey.data);
  });

  it('07: is a factor on S of HSV at the same H and V; a negative one turns the hue round', async () => {
    const paint = (r: number, g: number, b: number): RgbPicture => ({
      width: 32,
      height: 32,
      data: Uint8Array.from({ length: 3072 }, (_, k) => [r, g, b][k % 3]!),
    });
    // (200, 100, 50): V = 200, S = .75, H = 20 degrees; with S = .3 it is (200, 160, 140).
    expect([...(await applyDistortion(paint(200, 100, 50), '07', 1, 1)).data.subarray(0, 3)]).toEqual([
      200, 160, 140,
    ]);
    expect([...(await applyDistortion(paint(200, 100, 50), '07', 4, 1)).data.subarray(0, 3)]).toEqual([
      200, 200, 200,
    ]);
    expect([...(await applyDistortion(paint(150, 100, 50), '07', 5, 1)).data.subarray(0, 3)]).toEqual([
      150, 170, 190,
    ]);
  });

  it("05: moves green only, by the table's distance", async () => {
    const bar: RgbPicture = {
      ...grey,
      data: grey.data.map((_, k) => (Math.floor(k / 3) % 256 < 128 ? 20 : 220)),
    };
    const shifted = await applyDistortion(bar, '05', 5, 3);
    const changed = shifted.data.map((value, k) => (value === bar.data[k] ? 0 : 1));
    const byChannel = [0, 1, 2].map(
      (c) => changed.filter((value, k) => k % 3 === c && value === 1).length / 200,
    );
    expect(byChannel[0]).toBe(0);
    expect(byChannel[2]).toBe(0);
    expect(byChannel[1]).toBeGreaterThan(0);
    expect(byChannel[1]).toBeLessThanOrEqual(12);
  });
});

describe('tone curves', () => {
  const ramp: RgbPicture = {
    width: 256,
    height: 32,
    data: new Uint8Array(256 * 32 * 3).map((_, k) => Math.floor(k / 3) % 256),
  };
  const curveOf = async (type: string, level: number): Promise<number[]> => {
    const { data } = await applyDistortion(ramp, type, level, 1);
    return Array.from({ length: 256 }, (_, x) => data[3 * x + 1]! / 255);
  };

  it('17: passes (.5, .5 - amount / 2) and keeps black and white', async () => {
    const curve = await curveOf('17', 4);
    expect(curve[0]).toBe(0);
    expect((curve[127]! + curve[128]!) / 2).toBeCloseTo(0.3, 2);
    expect(curve[255]).toBe(1);
  });

  it('16: never darkens', async () => {
    (await curveOf('16', 3)).forEach((value, x) => expect(value).toBeGreaterThanOrEqual(x / 255));
  });

  it("18: adds the table's shift", async () => {
    const curve = await curveOf('18', 5);
    expect(curve[200]! - 200 / 255).toBeCloseTo(-0.15, 2);
    expect(curve[10]).toBe(0);
  });

  it("25: passes the generator's five points", async () => {
    const curve = await curveOf('25', 4); // amount .3
    const value = (x: number): number => {
      const k = Math.floor(x * 255);
      return curve[k]! + (x * 255 - k) * (curve[Math.min(255, k + 1)]! - curve[k]!);
    };
    for (const [x, y] of [
      [0, 0],
      [0.3, 0.175],
      [0.5, 0.5],
      [0.7, 0.825],
      [1, 1],
    ] as const) {
      expect(Math.abs(value(x) - y)).toBeLessThan(0.006);
    }
  });

  it('22: leaves evenly spaced levels', async () => {
    const levels = [...new Set(await curveOf('22', 5))];
    expect(levels).toHaveLength(7);
    levels.forEach((level, k) => expect(level).toBeCloseTo(k / 6, 2));
  });
});

describe('spatial and compression', () => {
  it('23: the blocks of a weaker level are among those of a stronger one', async () => {
    const [weak, strong] = [await applyDistortion(grey, '23', 1, 5), await applyDistortion(grey, '23', 5, 5)];
    expect(differences(weak, grey)).toBeLessThan(differences(strong, grey));
    expect(differences(weak, grey)).toBeLessThanOrEqual(2 * 32 * 32 * 3);
  });

  it('20: only shows pixels of the picture, within 8 px of their place', async () => {
    const places: RgbPicture = {
      width: 256,
      height: 200,
      data: new Uint8Array(256 * 200 * 3).map((_, k) => {
        const i = Math.floor(k / 3);
        return [i % 256, Math.floor(i / 256), 0][k % 3]!;
      }),
    };
    const moved = await applyDistortion(places, '20', 5, 5);
    expect(differences(moved, places)).toBeGreaterThan(1000);
    for (let i = 0; i < 256 * 200; i++) {
      expect(Math.abs(moved.data[3 * i]! - (i % 256))).toBeLessThanOrEqual(8);
      expect(Math.abs(moved.data[3 * i + 1]! - Math.floor(i / 256))).toBeLessThanOrEqual(8);
    }
  });

  it('21: strength .5 leaves about 29 % of the columns', async () => {
    const { data } = await applyDistortion(scene, '21', 5, 1);
    let changes = 0;
    for (let x = 1; x < 128; x++) {
      const column = (at: number) => Array.from({ length: 96 }, (_, y) => data[(y * 128 + at) * 3]).join();
      if (column(x) !== column(x - 1)) changes++;
    }
    expect(changes + 1).toBe(Math.round(128 * (0.95 - 0.5 ** 0.6)));
  });

  it('09: has the size of raw / ratio within 4 %, in one layer with the colour transform, and decodes near', async () => {
    const picture = deadLeavesScene('codec', 384, 288);
    const errors: number[] = [];
    for (const ratio of [16, 32, 45, 120, 170]) {
      const stream = await encodeJpeg2000(picture, ratio);
      const raw = picture.data.length;
      expect(Math.abs(stream.length / (raw / ratio) - 1)).toBeLessThan(0.04);
      // The COD marker (ITU-T T.800, A.6.1): style, progression, layers (2 bytes), colour transform.
      const cod = stream.findIndex((byte, k) => byte === 0xff && stream[k + 1] === 0x52);
      expect([...stream.subarray(cod + 6, cod + 9)]).toEqual([0, 1, 1]);
      expect(await encodeJpeg2000(picture, ratio)).toEqual(stream);
      const back = await decodeJpeg2000(stream);
      errors.push(back.reduce((sum, value, k) => sum + (value - picture.data[k]!) ** 2, 0) / raw);
    }
    errors.slice(1).forEach((error, k) => expect(error).toBeGreaterThan(errors[k]!));
    expect(errors[0]).toBeLessThan(200);
  });

  it('09: takes the smallest pictures', async () => {
    const small = deadLeavesScene('small', 32, 33);
    expect((await applyDistortion(small, '09', 5, 1)).data).toHaveLength(32 * 33 * 3);
  });

  it('10: equals a JPEG of that quality, 4:2:0', async () => {
    const jpeg = await sharp(scene.data, { raw: { width: 128, height: 96, channels: 3 } })
      .jpeg({ quality: 24, chromaSubsampling: '4:2:0' })
      .toBuffer();
    expect((await sharp(jpeg).metadata()).chromaSubsampling).toBe('4:2:0');
    const expected = await sharp(jpeg).raw().toBuffer();
    expect((await applyDistortion(scene, '10', 3, 1)).data).toEqual(new Uint8Array(expected));
  });
});
