/**
 * A perceptual hash: 64 bits of what a picture shows, hardly of how well (docs/data.md, "Near-duplicates"). The signs of the
 * 64 lowest frequencies of its luma around their median, as pHash does (Zauner, 2010, section 3.2.1).
 */
import { openForResize } from '../../images/thumbnail.ts';
import { unreadable } from '../../images/probe.ts';

/** Part of a fingerprint's key: changes whenever a bit may change. */
export const FINGERPRINT_VERSION = 'phash-64/1';
/** Bytes of a fingerprint. */
export const FINGERPRINT_BYTES = 8;

/** The picture is looked at in this size, whatever its shape. */
const SIDE = 32;
const BITS = 8 * FINGERPRINT_BYTES;
const FREQUENCIES = lowestFrequencies(BITS);
const COSINES = cosineTable();

/** The fingerprint of a file's bytes. Throws 'unreadable-image' or 'unsupported-image' as decodePicture does. */
export async function fingerprintFile(bytes: Buffer, file: string): Promise<Uint8Array> {
  const picture = await openForResize(bytes, file);
  try {
    const { data, info } = await picture
      .resize(SIDE, SIDE, { fit: 'fill' })
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return fingerprintLuma(luma(data, info.channels));
  } catch (error) {
    throw unreadable(error, file);
  }
}

/** The fingerprint of 32 x 32 luma values, row-major. */
export function fingerprintLuma(values: Float64Array): Uint8Array {
  const coefficients = FREQUENCIES.map(([u, v]) => coefficient(values, u, v));
  const sorted = coefficients.toSorted((a, b) => a - b);
  const median = (sorted[BITS / 2 - 1]! + sorted[BITS / 2]!) / 2;
  const hash = new Uint8Array(FINGERPRINT_BYTES);
  coefficients.forEach((value, bit) => {
    if (value > median) hash[bit >> 3]! |= 1 << (bit & 7);
  });
  return hash;
}

/** Luma (Rec. 601) of interleaved RGB or grey samples. */
function luma(samples: Uint8Array, channels: number): Float64Array {
  return Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    const at = i * channels;
    return channels < 3
      ? samples[at]!
      : 0.299 * samples[at]! + 0.587 * samples[at + 1]! + 0.114 * samples[at + 2]!;
  });
}

/** One coefficient of the two-dimensional DCT-II (unscaled: only the order of the coefficients counts). */
function coefficient(values: Float64Array, u: number, v: number): number {
  let sum = 0;
  for (let y = 0; y < SIDE; y++) {
    let row = 0;
    for (let x = 0; x < SIDE; x++) row += values[y * SIDE + x]! * COSINES[u * SIDE + x]!;
    sum += row * COSINES[v * SIDE + y]!;
  }
  return sum;
}

/** The `count` lowest frequencies [u, v] by u + v, the mean (0, 0) left out: brightness is no content. */
function lowestFrequencies(count: number): [number, number][] {
  const all: [number, number][] = [];
  for (let order = 1; all.length < count; order++) for (let u = 0; u <= order; u++) all.push([u, order - u]);
  return all.slice(0, count);
}

/** cos((2x + 1) u pi / 64) at u * 32 + x. */
function cosineTable(): Float64Array {
  return Float64Array.from({ length: SIDE * SIDE }, (_, i) =>
    Math.cos(((2 * (i % SIDE) + 1) * Math.floor(i / SIDE) * Math.PI) / (2 * SIDE)),
  );
}
