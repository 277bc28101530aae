/** Colour scales of maps over pictures: steps in value look like equal steps in colour, in grey too. */

/** Red, green, blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Viridis (Smith & van der Walt, matplotlib 2015) at every eighth of its length: dark blue, green, yellow. */
const SEQUENTIAL: readonly Rgb[] = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 144, 141],
  [39, 173, 129],
  [93, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** Moreland's smooth cool to warm (ISVC 2009) at every eighth: blue below zero, grey at zero, red above. */
const DIVERGING: readonly Rgb[] = [
  [59, 76, 192],
  [98, 130, 234],
  [141, 176, 254],
  [184, 208, 249],
  [221, 221, 221],
  [245, 196, 173],
  [244, 154, 123],
  [222, 96, 77],
  [180, 4, 38],
];

/** What a map's colours mean: one-sided values from min to max, or changes around zero. */
export type ScaleKind = 'sequential' | 'diverging';

/** The colour at a place from 0 to 1 along a scale; places outside sit at its ends. */
export function colourAt(kind: ScaleKind, place: number): Rgb {
  const stops = kind === 'sequential' ? SEQUENTIAL : DIVERGING;
  const at = Math.min(1, Math.max(0, place)) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(at));
  const share = at - below;
  const [from, to] = [stops[below]!, stops[below + 1]!];
  return [0, 1, 2].map((c) => Math.round(from[c]! * (1 - share) + to[c]! * share)) as [
    number,
    number,
    number,
  ];
}

/** The values at both ends of a scale: min and max, or the largest change in both directions. */
export function scaleEnds(kind: ScaleKind, values: readonly number[]): [low: number, high: number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (kind === 'sequential') return [low, high];
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return [-reach, reach];
}

/** Where a value lies between the ends, from 0 to 1; in the middle where the ends are one. */
export function placeOf(value: number, [low, high]: readonly [number, number]): number {
  return high > low ? (value - low) / (high - low) : 0.5;
}
