/** Zoom and position of one picture, or of two in step, in a viewport, in device pixels so that 1:1 means one image pixel per screen pixel. */

/** Device pixels per image pixel that the keys step through. */
export const ZOOMS = [1 / 16, 1 / 8, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

/** What a zoom is called: screen pixels to image pixels where both are small whole numbers, else percent. */
export function zoomName(scale: number): string {
  const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;
  if (scale >= 1 && near(scale, Math.round(scale))) return `${Math.round(scale)}:1`;
  if (near(1 / scale, Math.round(1 / scale))) return `1:${Math.round(1 / scale)}`;
  if (near(scale, 2 / 3)) return '2:3';
  return `${(scale * 100).toFixed(scale < 0.1 ? 1 : 0)} %`;
}

/** Width and height in pixels (image or device, as said where used). */
export type Size = { width: number; height: number };

/** Offset along one axis that keeps a picture in view: centred where it fits, else without a gap at its edges. */
export function clampOffset(offset: number, picture: number, view: number): number {
  if (picture <= view) return Math.round((view - picture) / 2);
  return Math.round(Math.min(0, Math.max(view - picture, offset)));
}

/** The largest scale at which the whole picture is in view, at most 1. */
export function fitScale(picture: Size, view: Size): number {
  return Math.min(1, view.width / picture.width, view.height / picture.height);
}

/** Where a picture lies in its frame, in CSS pixels: what layers draw themselves with. */
export type Placement = { scale: number; x: number; y: number };

/** Zoom and position in the Inspector: one state for both pictures, so that they move in step, top left corners together. */
export class Viewport {
  /** Device pixels per image pixel. */
  scale = $state(1);
  x = $state(0);
  y = $state(0);
  #sizes = $state.raw<readonly Size[]>([]);
  #picture = $derived<Size>({
    width: Math.max(1, ...this.#sizes.map(({ width }) => width)),
    height: Math.max(1, ...this.#sizes.map(({ height }) => height)),
  });
  #view = $state.raw<Size>({ width: 1, height: 1 });
  /** The whole picture is wanted, also after a resize. */
  fitted = $state(false);
  /** The five crops are drawn over the picture. */
  crops = $state(false);

  /** Larger than the viewport along an axis, so that it can be moved. */
  movable = $derived(
    this.#picture.width * this.scale > this.#view.width ||
      this.#picture.height * this.scale > this.#view.height,
  );

  /** Other pictures, in image pixels; the larger side counts. The zoom stays, for comparing. */
  setPictures(sizes: readonly Size[]): void {
    this.#sizes = sizes;
    this.#settle();
  }

  /** Another size of the viewport, in device pixels. */
  setView(size: Size): void {
    this.#view = size;
    this.#settle();
  }

  /** Zooms so that the image point under (atX, atY), in device pixels of the viewport, stays where it is. */
  zoomTo(scale: number, atX = this.#view.width / 2, atY = this.#view.height / 2): void {
    const bounded = Math.min(32, Math.max(1 / 16, scale));
    const ratio = bounded / this.scale;
    this.fitted = false;
    this.x = atX - (atX - this.x) * ratio;
    this.y = atY - (atY - this.y) * ratio;
    this.scale = bounded;
    this.#clamp();
  }

  /** The next step of ZOOMS, up (1) or down (-1). */
  step(direction: 1 | -1, atX?: number, atY?: number): void {
    const next =
      direction === 1
        ? ZOOMS.find((zoom) => zoom > this.scale * 1.001)
        : ZOOMS.findLast((zoom) => zoom < this.scale * 0.999);
    if (next !== undefined) this.zoomTo(next, atX, atY);
  }

  fit(): void {
    this.fitted = true;
    this.#settle();
  }

  /** Moves the picture by device pixels. */
  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.#clamp();
  }

  #settle(): void {
    if (this.fitted) this.scale = fitScale(this.#picture, this.#view);
    this.#clamp();
  }

  #clamp(): void {
    this.x = clampOffset(this.x, this.#picture.width * this.scale, this.#view.width);
    this.y = clampOffset(this.y, this.#picture.height * this.scale, this.#view.height);
  }
}
