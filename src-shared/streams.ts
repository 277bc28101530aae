/** Feature streams: what there is, and how much of each dataset is done. */

/** A stream the studio can extract or has imported. */
export type StreamInfo = {
  id: string;
  title: string;
  version: string;
  dimension: number;
  kind: 'nss' | 'vision' | 'imported';
  /** Who computed it: "computed here" or the imported file's name. */
  source: string;
};

/** One cell of the Streams matrix. */
export type StreamCell = {
  dataset: number;
  stream: string;
  version: string;
  /** The features are of an older model (or descriptor) than an extraction would use now; another device does not count. */
  outdated: boolean;
  total: number;
  done: number;
  failed: number;
  /** Images without a readable file: they can not be extracted. */
  unavailable: number;
  /** The extraction job that is queued, running or paused for this cell, else null. */
  job: number | null;
};

export type StreamMatrix = {
  streams: StreamInfo[];
  datasets: { id: number; name: string }[];
  cells: StreamCell[];
};

export type StreamFailure = { image: number; name: string; code: string; reason: string };

/** NSS is the one stream that is never projected; every other one, a user's own included, is a vision stream (2.4). */
export function isVisionStream(stream: string): boolean {
  return stream !== 'nss';
}
