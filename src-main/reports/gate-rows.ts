/** Mean gates of a run, over all images and per distortion type. */

/** One image's gates. `gates`: stream -> gate in (0, 2). */
export type GatedImage = { distortion: string | null; gates: Record<string, number> };

/** One line of the gate table; `mean` has one entry per stream, null where no image has that gate. */
export type GateRow = { name: string; n: number; mean: (number | null)[] };

/** All images first, then the distortion types in ascending order (numbers in names compared as numbers). */
export function gateRows(images: readonly GatedImage[], streams: readonly string[]): GateRow[] {
  const types = [...Map.groupBy(images, (image) => image.distortion)].flatMap(([type, members]) =>
    type === null ? [] : [gateRow(type, members, streams)],
  );
  types.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  return [gateRow('all images', images, streams), ...types];
}

function gateRow(name: string, images: readonly GatedImage[], streams: readonly string[]): GateRow {
  const mean = streams.map((stream) => {
    const values = images.flatMap((image) => image.gates[stream] ?? []);
    return values.length === 0 ? null : values.reduce((sum, gate) => sum + gate, 0) / values.length;
  });
  return { name, n: images.length, mean };
}
