import type { RgbPicture } from '../../../images/picture.ts';
import type { Filter } from './coefficients.ts';

/** A rectangle of a picture, in whole pixels. */
export type Region = { x: number; y: number; width: number; height: number };

/**
 * A resize of a region to width x height, of which only `window` is wanted: the pixels that a centre crop drops are
 * never computed.
 */
export type ResizeTarget = { width: number; height: number; filter: Filter; window: Region };

/** The target without a centre crop. */
export function wholeTarget(width: number, height: number, filter: Filter): ResizeTarget {
  return { width, height, filter, window: { x: 0, y: 0, width, height } };
}

/** Throws RangeError where the region leaves the picture, or the window the target: a fault of the caller. */
export function checkRegions(picture: RgbPicture, region: Region, target: ResizeTarget): void {
  if (!contains(picture, region)) throw new RangeError(`region ${text(region)} leaves ${size(picture)}`);
  if (!contains(target, target.window)) {
    throw new RangeError(`window ${text(target.window)} leaves ${size(target)}`);
  }
}

function contains({ width, height }: { width: number; height: number }, region: Region): boolean {
  const { x, y } = region;
  if (![x, y, region.width, region.height].every(Number.isInteger)) return false;
  return (
    x >= 0 &&
    y >= 0 &&
    region.width > 0 &&
    region.height > 0 &&
    x + region.width <= width &&
    y + region.height <= height
  );
}

function text({ x, y, width, height }: Region): string {
  return `${width} x ${height} at ${x}, ${y}`;
}

function size({ width, height }: { width: number; height: number }): string {
  return `${width} x ${height}`;
}
