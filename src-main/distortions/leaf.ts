import type { Random } from './random.ts';
import type { SceneStyle } from './scene-style.ts';

/** Colour, texture and shading of one leaf. Lengths in px of the oversampled canvas, L a b in CIELAB units. */
export type Material = {
  L: number;
  a: number;
  b: number;
  /** Amplitude of the 1/f texture in L, and in a, b. */
  contrast: number;
  tint: number;
  /** Direction of the texture's grain (radians), its scale (texels per px) and how much finer it is across. */
  grain: number;
  fineness: number;
  stretch: number;
  /** Where in the texture tile this leaf starts, texels. */
  offset: number;
  /** Change of L from the centre to the rim, along x and y. */
  shadeX: number;
  shadeY: number;
};

/** An opaque shape at (x, y): covers(dx, dy) for offsets from its centre; nothing beyond `reach` px is covered. */
export type Leaf = {
  x: number;
  y: number;
  reach: number;
  covers: (dx: number, dy: number) => boolean;
  material: Material;
};

/** A leaf whose centre may lie outside the canvas, radius by the r^-3 law between the style's limits. */
export function randomLeaf(random: Random, style: SceneStyle, width: number, height: number): Leaf {
  const radius = radiusByCubeLaw(random, style.smallestRadius, style.largestRadius);
  const x = random.uniform(-radius, width + radius);
  const y = random.uniform(-radius, height + radius);
  return { x, y, ...randomShape(random, radius), material: randomMaterial(random, style, y / height) };
}

/** Inverse of the distribution function of the density r^-3: every octave of sizes covers the same area. */
function radiusByCubeLaw(random: Random, smallest: number, largest: number): number {
  const [near, far] = [smallest ** -2, largest ** -2];
  return 1 / Math.sqrt(random.uniform(far, near));
}

/** Superellipses from diamond to rounded box, polygons, and wavy blobs; turned and stretched. */
function randomShape(random: Random, radius: number): Pick<Leaf, 'reach' | 'covers'> {
  const turn = random.uniform(0, Math.PI);
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const aspect = random.uniform(0.35, 1);
  const kind = random.uniform();
  if (kind < 0.45) {
    const power = 2 ** random.uniform(0.7, 2.3);
    return {
      reach: radius * Math.SQRT2,
      covers: (dx, dy) => {
        const u = Math.abs(dx * cosine + dy * sine) / radius;
        const v = Math.abs(dy * cosine - dx * sine) / (radius * aspect);
        return u < 1 && v < 1 && u ** power + v ** power < 1;
      },
    };
  }
  const corners = 3 + random.integer(4);
  const depth = random.uniform(0.05, 0.35);
  if (kind < 0.75) {
    const sector = (2 * Math.PI) / corners;
    const inner = radius * Math.cos(sector / 2);
    return {
      reach: radius,
      covers: (dx, dy) => {
        const u = dx * cosine + dy * sine;
        const v = (dy * cosine - dx * sine) / aspect;
        const inSector = Math.abs((((Math.atan2(v, u) % sector) + sector) % sector) - sector / 2);
        return Math.hypot(u, v) * Math.cos(inSector) < inner;
      },
    };
  }
  return {
    reach: radius,
    covers: (dx, dy) => {
      const u = dx * cosine + dy * sine;
      const v = (dy * cosine - dx * sine) / aspect;
      return Math.hypot(u, v) < (radius * (1 + depth * Math.cos(corners * Math.atan2(v, u)))) / (1 + depth);
    },
  };
}

/** `depth` 0 is the top of the picture, 1 the bottom: neighbours share colours, as sky, trees and ground do. */
function randomMaterial(random: Random, style: SceneStyle, depth: number): Material {
  const last = style.palette.length - 1;
  const entry = Math.round(depth * last + 2 * random.gaussian());
  const [L, a, b] = style.palette[Math.min(last, Math.max(0, entry))]!;
  const shade = Math.abs(random.gaussian()) * 7;
  const towards = random.uniform(0, 2 * Math.PI);
  return {
    L: L + 9 * random.gaussian(),
    a: a + 3 * random.gaussian(),
    b: b + 3 * random.gaussian(),
    // Log-normal: most surfaces are faintly textured, a few strongly.
    contrast: Math.min(25, style.texture * 4 * Math.exp(0.9 * random.gaussian())),
    tint: random.uniform(0, 4),
    grain: random.uniform(0, Math.PI),
    fineness: 2 ** random.uniform(-0.3, 1.2),
    stretch: random.uniform() < 0.3 ? random.uniform(2, 5) : 1,
    offset: random.uniform(0, 512),
    shadeX: shade * Math.cos(towards),
    shadeY: shade * Math.sin(towards),
  };
}
