/** The pristine pictures that a ladder is made from: found, checked by their headers, hashed and named. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape, type ErrorShape } from '../../src-shared/errors.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';
import { probePicture } from '../images/probe.ts';
import { SMALLEST_SIDE } from './apply.ts';
import { refuseAborted } from './worker-pool.ts';

/** One pristine picture. `name` begins the names of its files in the ladder; `file` is relative to the folder. */
export type LadderSource = { name: string; file: string; sha256: string; width: number; height: number };

/** Above this a picture is refused: a thread needs about 60 bytes of memory per pixel. */
export const MAX_LADDER_PIXELS = 25_000_000;

/**
 * The pictures in a folder and its subfolders (`without` left out), in name order, and those that cannot be used with
 * the reason. Throws StudioError bad-input (not a folder, no picture in it), not-found, no-permission, cancelled.
 */
export async function findSources(
  folder: string,
  without: string,
  signal?: AbortSignal,
): Promise<{ sources: LadderSource[]; refused: { file: string; error: ErrorShape }[] }> {
  const files = await pictureFiles(folder, without);
  const found: Omit<LadderSource, 'name'>[] = [];
  const refused: { file: string; error: ErrorShape }[] = [];
  for (const file of files) {
    refuseAborted(signal, 'Making the ladder');
    const whole = path.join(folder, file);
    try {
      const bytes = await readFile(whole);
      const { width, height } = await probePicture(bytes, whole);
      requireUsableSize(width, height, whole);
      found.push({ file, sha256: createHash('sha256').update(bytes).digest('hex'), width, height });
    } catch (error) {
      refused.push({ file, error: errorShape(error, whole) });
    }
  }
  if (found.length === 0) {
    const reason = refused[0]?.error.message ?? '';
    throw new StudioError('bad-input', `None of the ${files.length} pictures can be used: ${reason}`, {
      file: folder,
      hint: 'JPEG, PNG, WebP, TIFF and BMP are read; both sides need at least 32 px.',
    });
  }
  return { sources: named(found), refused };
}

/** Headers that are read for an estimate; a folder may hold a hundred thousand pictures. */
const SAMPLE = 100;

/**
 * How many usable pictures a folder holds and their bytes as RGB, from the headers of at most 100 of them, evenly chosen.
 * Errors as findSources, but none where no picture can be used: both numbers are 0.
 */
export async function measureSources(
  folder: string,
  without: string,
): Promise<{ pictures: number; rawBytes: number }> {
  const files = await pictureFiles(folder, without);
  const step = Math.max(1, files.length / SAMPLE);
  const sample = Array.from(
    { length: Math.ceil(files.length / step) },
    (_, i) => files[Math.floor(i * step)]!,
  );
  let usable = 0;
  let bytes = 0;
  for (const file of sample) {
    const whole = path.join(folder, file);
    try {
      const { width, height } = await probePicture(await readFile(whole), whole);
      requireUsableSize(width, height, whole);
      usable++;
      bytes += width * height * 3;
    } catch {
      continue; // the job itself says which pictures it left out, and why
    }
  }
  const share = files.length / sample.length;
  return { pictures: Math.round(usable * share), rawBytes: Math.round(bytes * share) };
}

async function pictureFiles(folder: string, without: string): Promise<string[]> {
  const info = await stat(folder).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, folder));
  });
  if (!info.isDirectory()) {
    throw new StudioError('bad-input', 'A ladder is made from a folder of pictures, and this is a file', {
      file: folder,
      hint: 'Name the folder that the picture lies in.',
    });
  }
  const all = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, folder));
  });
  const inside = path.relative(folder, without);
  const files = all
    .filter((file) => PICTURE_EXTENSION.test(file) && !file.startsWith(`${inside}${path.sep}`))
    .sort();
  if (files.length > 0) return files;
  throw new StudioError('bad-input', `There are no pictures in this folder (${all.length} other files)`, {
    file: folder,
    hint: 'JPEG, PNG, WebP, TIFF and BMP are read.',
  });
}

function requireUsableSize(width: number, height: number, file: string): void {
  if (Math.min(width, height) < SMALLEST_SIDE) {
    throw new StudioError('unsupported-image', `${width} x ${height} px is too small to distort`, {
      file,
      hint: `Both sides need at least ${SMALLEST_SIDE} px.`,
    });
  }
  if (width * height > MAX_LADDER_PIXELS) {
    const megapixels = Math.round((width * height) / 1e6);
    throw new StudioError('unsupported-image', `${megapixels} megapixels are too many for a ladder`, {
      file,
      hint: `Scale the picture down to ${MAX_LADDER_PIXELS / 1e6} megapixels or less.`,
    });
  }
}

/** Names from the files' own; one that two files share, or that looks like a rung's, gets a piece of its hash. */
function named(found: readonly Omit<LadderSource, 'name'>[]): LadderSource[] {
  const stems = found.map(({ file }) => stemOf(file));
  const shared = Map.groupBy(stems, (stem) => stem.toLowerCase());
  const used = new Set<string>();
  return found.map((source, i) => {
    const stem = stems[i]!;
    const taken = shared.get(stem.toLowerCase())!.length > 1 || /_\d\d_0[1-5]$/.test(stem);
    let name = taken ? `${stem}-${source.sha256.slice(0, 8)}` : stem;
    // The same picture twice, under names that differ in their endings only.
    for (let n = 2; used.has(name.toLowerCase()); n++) name = `${stem}-${source.sha256.slice(0, 8)}-${n}`;
    used.add(name.toLowerCase());
    return { name, ...source };
  });
}

/** 'holiday/IMG 1.jpg' -> 'holiday-IMG-1': safe in file names, CSV and URLs. */
function stemOf(file: string): string {
  const stem = file.replace(PICTURE_EXTENSION, '').replace(/[^\p{L}\p{N}_-]+/gu, '-');
  return stem.replace(/^-+|-+$/g, '').slice(-100) || 'picture';
}
