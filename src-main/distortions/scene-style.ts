import type { Random } from './random.ts';

/** What all leaves of one scene share; drawn from the seed, so scenes differ in key, palette and detail. */
export type SceneStyle = {
  /** Base colours as [L, a, b], from the top of the picture to its bottom. */
  palette: [number, number, number][];
  smallestRadius: number;
  largestRadius: number;
  /** Multiplies each leaf's texture amplitude. */
  texture: number;
  /** Shift of L over the whole scene, and its direction: a light from one side. */
  light: { strength: number; angle: number };
};

/** Hue families of outdoor and indoor scenes: L, chroma and hue (degrees) ranges. */
const FAMILIES = {
  foliage: [20, 65, 12, 45, 95, 140],
  earth: [20, 70, 10, 38, 45, 85],
  sky: [50, 88, 6, 34, 235, 275],
  stone: [15, 90, 0, 8, 0, 360],
  sand: [60, 90, 8, 26, 70, 95],
  water: [20, 60, 8, 30, 195, 250],
  flowers: [35, 75, 40, 75, 0, 90],
  paint: [25, 70, 35, 70, 0, 360],
} as const;

const THEMES: (keyof typeof FAMILIES)[][] = [
  ['foliage', 'foliage', 'earth', 'sky', 'flowers'],
  ['stone', 'stone', 'earth', 'sand', 'sky'],
  ['water', 'sky', 'sand', 'stone', 'paint'],
  ['paint', 'paint', 'stone', 'flowers', 'earth'],
  ['earth', 'foliage', 'sand', 'stone', 'flowers'],
];

/** A style drawn from the generator, for a canvas of this size. */
export function randomStyle(random: Random, width: number, height: number): SceneStyle {
  const theme = random.pick(THEMES);
  const key = random.uniform(-10, 10); // a dark or a bright scene
  const palette = Array.from({ length: 8 }, (): [number, number, number] => {
    const [L0, L1, chroma0, chroma1, hue0, hue1] = FAMILIES[random.pick(theme)];
    const hue = (random.uniform(hue0, hue1) * Math.PI) / 180;
    const chroma = random.uniform(chroma0, chroma1);
    return [random.uniform(L0, L1) + key, chroma * Math.cos(hue), chroma * Math.sin(hue)];
  });
  return {
    palette,
    smallestRadius: 2 ** random.uniform(1.9, 4.5),
    largestRadius: Math.hypot(width, height) * random.uniform(0.2, 0.5),
    texture: random.uniform(0.6, 1.4),
    light: { strength: random.uniform(4, 16), angle: random.uniform(0, 2 * Math.PI) },
  };
}
