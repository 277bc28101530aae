import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourAt, placeOf, scaleEnds, type Rgb } from '../../src-renderer/charts/colour-scale.ts';
import { cellAt, cellBox, mapOfBlocks, mapTable } from '../../src-renderer/charts/picture-map.ts';
import { ZOOMS, zoomName } from '../../src-renderer/state/viewport.svelte.ts';

/** CIELAB lightness and colour of 8-bit sRGB, D65. */
function lab(rgb: Rgb): [number, number, number] {
  const [r, g, b] = rgb.map((v) =>
    v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe('colour scales', () => {
  it('the sequential one grows lighter all the way, in steps of about the same size', () => {
    const colours = Array.from({ length: 17 }, (_, i) => lab(colourAt('sequential', i / 16)));
    const steps = colours.slice(1).map((c, i) => Math.hypot(...c.map((v, k) => v - colours[i]![k]!)));
    expect(colours.slice(1).every((c, i) => c[0] > colours[i]![0])).toBe(true);
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(2.5);
  });

  it('the diverging one is darkest and most colourful at its ends, grey in the middle, and even-handed', () => {
    expect(colourAt('diverging', 0.5)).toEqual([221, 221, 221]);
    for (let i = 0; i < 8; i++) {
      const [cool, warm] = [lab(colourAt('diverging', i / 16)), lab(colourAt('diverging', 1 - i / 16))];
      expect(Math.abs(cool[0] - warm[0])).toBeLessThan(9);
      expect(lab(colourAt('diverging', (i + 1) / 16))[0]).toBeGreaterThan(cool[0]);
    }
    expect(scaleEnds('diverging', [-0.1, 0.3, 0])).toEqual([-0.3, 0.3]);
    expect(scaleEnds('sequential', [4, 2, 3])).toEqual([2, 4]);
    expect(placeOf(7, [7, 7])).toBe(0.5);
  });
});

describe('maps over a picture', () => {
  const map = mapOfBlocks(
    { feature: 'mean.sobel.x.var', rows: 2, columns: 3, blockSize: 32, values: [1, 2, 3, 4, 5, 6] },
    { image: 'a.png', provenance: 'a.png · test' },
  );

  it('find the cell of a point and the box of a cell', () => {
    expect(map).toMatchObject({ width: 96, height: 64, unit: 'levels²', kind: 'sequential' });
    expect(cellAt(map, 33, 40)).toBe(4);
    expect(cellBox(map, 4)).toEqual([32, 32, 64, 64]);
    for (const [x, y] of [
      [-1, 5],
      [5, -0.1],
      [96, 5],
      [5, 64],
    ] as const) {
      expect(cellAt(map, x, y)).toBeNull();
    }
    const uneven = { ...map, width: 101, height: 67 };
    fc.assert(
      fc.property(fc.nat(5), (index) => {
        const [left, top, right, bottom] = cellBox(uneven, index);
        expect(cellAt(uneven, (left + right) / 2, (top + bottom) / 2)).toBe(index);
      }),
    );
  });

  it('are written as a table with a row per cell', () => {
    const { rows, columns, caption } = mapTable(map);
    expect(columns.map((c) => c.title).at(-1)).toBe('value (levels²)');
    expect(rows).toHaveLength(6);
    expect(rows[4]).toEqual([1, 1, 32, 32, 64, 64, 5]);
    expect(caption).toContain('a.png · test');
  });
});

describe('zoom names', () => {
  it('say screen pixels to image pixels', () => {
    expect(ZOOMS.map(zoomName).join(' ')).toBe(
      '1:16 1:8 1:4 1:3 1:2 2:3 1:1 2:1 3:1 4:1 6:1 8:1 12:1 16:1 24:1 32:1',
    );
    expect([0.07, 0.61, 1.5].map(zoomName)).toEqual(['7.0 %', '61 %', '150 %']);
  });
});
