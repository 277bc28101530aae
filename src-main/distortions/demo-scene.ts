import { rename, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import type { RgbPicture } from '../images/picture.ts';
import { kadidName } from '../../src-shared/distortions.ts';
import { applyDistortion } from './apply.ts';
import { deadLeavesScene } from './dead-leaves.ts';
import { qualityOf, rate } from './raters.ts';
import type { Rating } from './raters.ts';
import { labPyramid, similarity } from './similarity.ts';

/** What makes a demo dataset's bytes: two equal configurations give equal files. */
export type DemoConfiguration = {
  seed: number;
  scenes: number;
  types: string[];
  size: { width: number; height: number };
};

/** One row of labels.csv. */
export type DemoRow = Rating & { image: string; reference: string; distortion: string; level: number };

export const LEVELS = [1, 2, 3, 4, 5] as const;

/** File name of a scene's pristine picture: 'I01.png' for scene 1. */
export function referenceName(scene: number): string {
  return `I${String(scene).padStart(2, '0')}.png`;
}

/** The files of one scene in label order, the pristine picture not included. */
export function distortedNames(scene: number, types: readonly string[]): string[] {
  const reference = path.parse(referenceName(scene)).name;
  return types.flatMap((type) => LEVELS.map((level) => kadidName({ reference, type, level })));
}

/**
 * Writes one scene and all its distortions as PNG and returns their rows. A file that is there already is complete
 * (files are renamed into place) and is only measured again. `onImage` is told of each finished distorted image.
 */
export async function makeDemoScene(
  folder: string,
  { seed, types, size }: DemoConfiguration,
  scene: number,
  onImage: () => void,
): Promise<DemoRow[]> {
  const reference = referenceName(scene);
  const name = path.parse(reference).name;
  const sceneSeed = `${seed}/${name}`;
  const pristine = await readOrMake(path.join(folder, reference), () =>
    deadLeavesScene(sceneSeed, size.width, size.height),
  );
  const pyramid = labPyramid(pristine);
  const rows: DemoRow[] = [];
  for (const type of types) {
    for (const level of LEVELS) {
      const image = kadidName({ reference: name, type, level });
      const distorted = await readOrMake(path.join(folder, image), () =>
        applyDistortion(pristine, type, level, sceneSeed),
      );
      const quality = qualityOf(similarity(pyramid, distorted));
      rows.push({ image, reference, distortion: type, level, ...rate(seed, image, quality) });
      onImage();
    }
  }
  return rows;
}

async function readOrMake(file: string, make: () => RgbPicture | Promise<RgbPicture>): Promise<RgbPicture> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes !== undefined) {
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(data) };
  }
  const picture = await make();
  const { width, height, data } = picture;
  // Level 2 with filters: as small as level 6 to 2 %, in less time; level 1 is a quarter larger.
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 2, adaptiveFiltering: true })
    .toBuffer();
  await writeInPlace(file, png);
  return picture;
}

/** Writes under another name and renames, so that a file with its own name is always complete. */
export async function writeInPlace(file: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${file}.part`;
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}
