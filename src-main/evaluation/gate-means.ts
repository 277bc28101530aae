/** Mean gates per distortion type, per level and per both (paper, section 4.7). */
import type { GateAnalysis, MeanGates } from '../../src-shared/analysis.ts';
import { distortionName, findDistortion } from '../../src-shared/distortions.ts';

/** Gates of one image, one per stream. */
export type GatedImage = { distortion: string | null; level: number | null; gates: readonly number[] };

/** Means over all images and over those of each type, level and cell, in type and level order. */
export function meanGates(
  streams: readonly string[],
  images: readonly GatedImage[],
): Omit<GateAnalysis, 'run' | 'input'> {
  const overall = meanOf(streams.length, images);
  const typed = images.filter((image) => image.distortion !== null);
  const levelled = images.filter((image) => image.level !== null);
  const types = [...Map.groupBy(typed, (image) => image.distortion!)].sort(([a], [b]) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const levelsOf = (some: readonly GatedImage[]) =>
    [...Map.groupBy(some, (image) => image.level!)]
      .sort(([a], [b]) => a - b)
      .map(([level, members]) => ({ level, ...meanOf(streams.length, members) }));
  return {
    streams: [...streams],
    overall: {
      ...overall,
      std: streams.map((_, s) =>
        Math.sqrt(
          images.reduce((total, { gates }) => total + (gates[s]! - overall.mean[s]!) ** 2, 0) /
            Math.max(1, images.length),
        ),
      ),
    },
    types: types.map(([type, members]) => ({
      type,
      name: distortionName(type),
      category: findDistortion(type)?.group ?? null,
      ...meanOf(streams.length, members),
    })),
    levels: levelsOf(levelled),
    cells: types.flatMap(([type, members]) =>
      levelsOf(members.filter((image) => image.level !== null)).map((row) => ({ type, ...row })),
    ),
  };
}

function meanOf(streams: number, images: readonly GatedImage[]): MeanGates {
  const mean = Array.from(
    { length: streams },
    (_, s) => images.reduce((total, { gates }) => total + gates[s]!, 0) / Math.max(1, images.length),
  );
  return { n: images.length, mean };
}
