/** The files of a ladder: one pristine picture, some types, some levels. The demo and `studio ladder` share it. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import type { RgbPicture } from '../images/picture.ts';
import { kadidName } from '../../src-shared/distortions.ts';
import { applyDistortion } from './apply.ts';
import { writeInPlace } from './dataset-folder.ts';

/** All five levels of KADID-10k. */
export const LEVELS = [1, 2, 3, 4, 5] as const;

/** One distorted picture of a ladder. */
export type Rung = { image: string; type: string; level: number };

/** The rungs of one reference (a name without ending) in label order: I01_07_01.png ... */
export function rungsOf(reference: string, types: readonly string[], levels: readonly number[]): Rung[] {
  return types.flatMap((type) =>
    levels.map((level) => ({ image: kadidName({ reference, type, level }), type, level })),
  );
}

/**
 * Writes the rungs that are not there yet, one after the other, and tells of each with its picture (null: its file was
 * there, whole and of the right size). The seed gives the same bytes whatever else is made, in whatever order.
 */
export async function makeRungs(
  folder: string,
  pristine: RgbPicture,
  rungs: readonly Rung[],
  seed: string,
  onRung: (rung: Rung, picture: RgbPicture | null) => void | Promise<void>,
): Promise<void> {
  for (const rung of rungs) {
    const made = await writeUnlessThere(path.join(folder, rung.image), pristine, () =>
      applyDistortion(pristine, rung.type, rung.level, seed),
    );
    await onRung(rung, made);
  }
}

/** Makes and writes a picture unless a whole PNG of this size has the name already; then it gives null. */
export async function writeUnlessThere(
  file: string,
  size: { width: number; height: number },
  make: () => RgbPicture | Promise<RgbPicture>,
): Promise<RgbPicture | null> {
  if (await isWholePng(file, size)) return null;
  const picture = await make();
  const { width, height, data } = picture;
  // Level 2 with filters: as small as level 6 to 2 %, in less time; level 1 is a quarter larger.
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 2, adaptiveFiltering: true })
    .toBuffer();
  await writeInPlace(file, png);
  return picture;
}

const PNG_START = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const PNG_END = Buffer.from('\0\0\0\0IEND\xae\x42\x60\x82', 'latin1');

/** Whether a file is a PNG of this size that ends as a PNG ends; false where there is none. */
async function isWholePng(file: string, { width, height }: { width: number; height: number }) {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return false;
  try {
    const { size } = await handle.stat();
    if (size < 24 + PNG_END.length) return false;
    const { buffer: start } = await handle.read(Buffer.alloc(24), 0, 24, 0);
    const { buffer: end } = await handle.read(
      Buffer.alloc(PNG_END.length),
      0,
      PNG_END.length,
      size - PNG_END.length,
    );
    return (
      start.subarray(0, 8).equals(PNG_START) &&
      start.readUInt32BE(16) === width &&
      start.readUInt32BE(20) === height &&
      end.equals(PNG_END)
    );
  } finally {
    await handle.close();
  }
}
