import type { RgbPicture } from '../images/picture.ts';
import { randomLeaf } from './leaf.ts';
import type { Leaf } from './leaf.ts';
import { encodeSrgb, labToLinear } from './lab.ts';
import type { LinearRgb } from './lab.ts';
import { Random } from './random.ts';
import { randomStyle } from './scene-style.ts';
import type { SceneStyle } from './scene-style.ts';
import { fractalTile, sampleTile } from './texture.ts';
import type { Tile } from './texture.ts';

/** Scenes are painted at twice the size and averaged 2 x 2 in linear light, so edges are soft as a lens makes them. */
const OVERSAMPLING = 2;
/** Painting stops when at most this share of the picture is bare; the last leaf then lies behind everything. */
const BARE_SHARE = 0.0005;
const MOST_LEAVES = 60_000;

/**
 * A deterministic dead-leaves scene (Lee, Mumford & Huang 2001): opaque shapes in front of each other, sizes by r^-3,
 * natural colours, 1/f texture inside, light from one side. Its amplitude spectrum falls about as 1/f.
 * Painted front to back: each pixel belongs to the first leaf that covers it.
 */
export function deadLeavesScene(seed: number | string, width: number, height: number): RgbPicture {
  const random = new Random(seed, 'scene');
  const [w, h] = [width * OVERSAMPLING, height * OVERSAMPLING];
  const style = randomStyle(random, w, h);
  const canvas: Canvas = {
    width: w,
    height: h,
    light: new Float32Array(w * h * 3),
    covered: new Uint8Array(w * h),
    tile: fractalTile(random),
    style,
  };
  let bare = w * h;
  for (let n = 0; n < MOST_LEAVES && bare > BARE_SHARE * w * h; n++) {
    bare -= paintLeaf(canvas, randomLeaf(random, style, w, h));
  }
  paintLeaf(canvas, backdrop(randomLeaf(random, style, w, h), w, h));
  return averaged(canvas, width, height);
}

type Canvas = {
  width: number;
  height: number;
  /** Linear R, G, B, interleaved. */
  light: Float32Array;
  covered: Uint8Array;
  tile: Tile;
  style: SceneStyle;
};

/** The same material, so large that it covers what is left. */
function backdrop(leaf: Leaf, width: number, height: number): Leaf {
  return { ...leaf, x: width / 2, y: height / 2, reach: width + height, covers: () => true };
}

/** Paints the bare pixels under a leaf; returns how many there were. */
function paintLeaf({ width, height, light, covered, tile, style }: Canvas, leaf: Leaf): number {
  const { x, y, reach, covers, material } = leaf;
  const [cosine, sine] = [Math.cos(material.grain), Math.sin(material.grain)];
  const glow = {
    x: (style.light.strength * Math.cos(style.light.angle) * 2) / width,
    y: (style.light.strength * Math.sin(style.light.angle) * 2) / height,
  };
  const colour: LinearRgb = [0, 0, 0];
  let painted = 0;
  const [left, right] = [Math.max(0, Math.floor(x - reach)), Math.min(width - 1, Math.ceil(x + reach))];
  const [top, bottom] = [Math.max(0, Math.floor(y - reach)), Math.min(height - 1, Math.ceil(y + reach))];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const i = row * width + column;
      if (covered[i] !== 0) continue;
      const dx = column - x;
      const dy = row - y;
      if (!covers(dx, dy)) continue;
      covered[i] = 1;
      painted++;
      const along = (dx * cosine + dy * sine) * material.fineness;
      const across = (dy * cosine - dx * sine) * material.fineness * material.stretch;
      const texture = sampleTile(tile, material.offset + along, material.offset + across);
      const tint = sampleTile(tile, material.offset + 200 + along / 2, material.offset + across / 2);
      const shade = (dx * material.shadeX + dy * material.shadeY) / reach;
      const side = (column - width / 2) * glow.x + (row - height / 2) * glow.y;
      const L = material.L + shade + side + material.contrast * texture;
      labToLinear(
        Math.min(98, Math.max(3, L)),
        material.a + material.tint * tint,
        material.b + material.tint * texture,
        colour,
      );
      light.set(colour, 3 * i);
    }
  }
  return painted;
}

/** 2 x 2 means in linear light, then sRGB bytes. */
function averaged({ width: wide, light }: Canvas, width: number, height: number): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  const row = wide * 3;
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, k++) {
        const at = OVERSAMPLING * (y * row + 3 * x) + c;
        const mean = (light[at]! + light[at + 3]! + light[at + row]! + light[at + row + 3]!) / 4;
        data[k] = Math.round(255 * encodeSrgb(mean));
      }
    }
  }
  return { width, height, data };
}
