import type { RgbPicture } from '../../images/picture.ts';
import { StudioError } from '../../../src-shared/errors.ts';

/** Side of an NSS block in pixels. */
export const BLOCK_SIZE = 32;

/** Whole 32 x 32 blocks of a picture. Throws StudioError 'unsupported-image' where a side is below 32 px. */
export function blockGrid({ width, height }: RgbPicture): { rows: number; columns: number } {
  if (width < BLOCK_SIZE || height < BLOCK_SIZE) {
    throw new StudioError(
      'unsupported-image',
      `The picture is ${width} x ${height} px; NSS features need 32 x 32 at least`,
      {
        hint: 'Use a larger version of the image, or leave it out of the dataset.',
      },
    );
  }
  return { rows: Math.floor(height / BLOCK_SIZE), columns: Math.floor(width / BLOCK_SIZE) };
}
