/** Similar images: what `images.similar` and `images.streams` answer. */
import type { DatasetSummary } from './dataset.ts';

/** One neighbour; cosine from -1 to 1, MOS in units of its dataset's label. */
export type Neighbour = {
  image: number;
  name: string;
  dataset: Pick<DatasetSummary, 'id' | 'name' | 'synthetic' | 'scale'>;
  cosine: number;
  mos: number | null;
};

/** Where neighbours are sought: the image's dataset, or every dataset with features of the same stream version. */
export const NEIGHBOUR_SCOPES = ['dataset', 'all'] as const;
export type NeighbourScopeName = (typeof NEIGHBOUR_SCOPES)[number];

/** The nearest images of one image in one stream, nearest first. */
export type Neighbours = {
  stream: string;
  version: string;
  /** True for NSS: each feature is z-scored over the images searched, since their units differ; others are compared raw. */
  zScored: boolean;
  /** Images compared, this one included. */
  searched: number;
  neighbours: Neighbour[];
};

/** A stream that the image's dataset uses, and whether this image has its features. */
export type ImageStream = { stream: string; version: string; title: string; extracted: boolean };
