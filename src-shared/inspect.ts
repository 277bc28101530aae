/** What the Inspector asks the engine about one image: its relatives, where a feature sees something, what a prediction hangs on. */
import type { ErrorShape } from './errors.ts';

/** What fills the covered patch of an occlusion map. */
export const OCCLUSION_FILLS = ['mean', 'grey', 'blur'] as const;
export type OcclusionFill = (typeof OCCLUSION_FILLS)[number];

/** Cells along the longer side of the picture that an occlusion map may have. */
export const OCCLUSION_CELLS = [4, 8, 16] as const;
export type OcclusionCells = (typeof OCCLUSION_CELLS)[number];

/** Where an image's reference is: a row of the catalog, or a file beside the image that has no row. */
export type ReferenceImage =
  { kind: 'image'; id: number; name: string } | { kind: 'file'; name: string } | null;

/** The images that it makes sense to lay beside one image. */
export type RelatedImages = {
  reference: ReferenceImage;
  /** Same reference and distortion, in order of level, the image itself included; empty without levels. */
  ladder: { id: number; name: string; level: number }[];
};

/** One NSS feature per 32 x 32 block of a picture (spec nss.md, Blocks). */
export type BlockMap = {
  /** Public name, such as `mean.lbp.03`; the map of a `std.` feature holds |block value - mean over the blocks|. */
  feature: string;
  rows: number;
  columns: number;
  /** Side of a block in image pixels. */
  blockSize: number;
  /** rows * columns values, row-major, in the unit of the block feature (nssUnit). */
  values: number[];
};

/** How a run's prediction changes where a part of the picture is covered. */
export type OcclusionMap = {
  run: number;
  image: number;
  fill: OcclusionFill;
  rows: number;
  columns: number;
  /** Size of the picture in pixels; cell (r, c) covers rows round(r * height / rows) up to round((r + 1) * height / rows), columns alike. */
  width: number;
  height: number;
  /** Prediction of the whole picture and its standard deviation over the run's heads. */
  prediction: number;
  predictionStd: number;
  /** rows * columns, row-major: prediction with the cell covered minus `prediction`, in label units. */
  change: number[];
};

/** An occlusion map of an image and the job that makes or made it. */
export type OcclusionJob = {
  job: number;
  run: number;
  fill: OcclusionFill;
  cells: OcclusionCells;
  status: 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';
  error: ErrorShape | null;
  /** Null until the job is done. */
  map: OcclusionMap | null;
};

/** Rows and columns with `cells` cells along the longer side, as near to squares as whole cells allow. */
export function occlusionGrid(
  { width, height }: { width: number; height: number },
  cells: number,
): { rows: number; columns: number } {
  const along = (side: number): number => {
    const share = Math.round((cells * side) / Math.max(width, height));
    // A cell is a pixel at least.
    return Math.min(side, Math.max(1, share));
  };
  return { rows: along(height), columns: along(width) };
}
