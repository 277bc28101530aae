import path from 'node:path';
import sharp from 'sharp';
import type { RgbPicture } from '../images/picture.ts';
import { deadLeavesScene } from './dead-leaves.ts';
import { LEVELS, makeRungs, rungsOf, writeUnlessThere } from './ladder-rungs.ts';
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

/** File name of a scene's pristine picture: 'I01.png' for scene 1. */
export function referenceName(scene: number): string {
  return `I${String(scene).padStart(2, '0')}.png`;
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
  const file = path.join(folder, reference);
  const pristine =
    (await writeUnlessThere(file, size, () => deadLeavesScene(sceneSeed, size.width, size.height))) ??
    (await readPng(file));
  const pyramid = labPyramid(pristine);
  const rows: DemoRow[] = [];
  await makeRungs(folder, pristine, rungsOf(name, types, LEVELS), sceneSeed, async (rung, made) => {
    const distorted = made ?? (await readPng(path.join(folder, rung.image)));
    const { image, type, level } = rung;
    const quality = qualityOf(similarity(pyramid, distorted));
    rows.push({ image, reference, distortion: type, level, ...rate(seed, image, quality) });
    onImage();
  });
  return rows;
}

async function readPng(file: string): Promise<RgbPicture> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}
