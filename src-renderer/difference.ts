/** The absolute difference of two pictures, pixel by pixel: nothing is resampled. */
import type { Size } from './state/viewport.svelte.ts';

/** A picture that has arrived, in image pixels: a new object each time, though the element may be the same. */
export type LoadedPicture = Size & { element: HTMLImageElement };

/** Levels of 0 to 255, over all pixels and the three channels. */
export type DifferenceNumbers = {
  mean: number;
  max: number;
  /** Share of pixels that differ in any channel. */
  differing: number;
  /** Peak signal-to-noise ratio in dB; Infinity for equal pictures. */
  psnr: number;
};

/** Rows that are read at a time, so that the page stays quick. */
const BAND_PIXELS = 1_000_000;

/** What two pictures have in common when their top left corners are laid together. */
export function commonSize(a: Size, b: Size): Size {
  return { width: Math.min(a.width, b.width), height: Math.min(a.height, b.height) };
}

/** |a - b| per channel where both have pixels, top left corners together. The browser's "difference" blending is exact. */
export function drawDifference(a: HTMLImageElement, b: HTMLImageElement): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const size = commonSize(
    { width: a.naturalWidth, height: a.naturalHeight },
    { width: b.naturalWidth, height: b.naturalHeight },
  );
  Object.assign(canvas, size);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(a, 0, 0);
  context.globalCompositeOperation = 'difference';
  context.drawImage(b, 0, 0);
  return canvas;
}

/** Numbers of a drawn difference; gives the page its turn between bands. Throws AbortError when `signal` is aborted. */
export async function measureDifference(
  canvas: HTMLCanvasElement,
  signal: AbortSignal,
): Promise<DifferenceNumbers> {
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const { width, height } = canvas;
  const band = Math.max(1, Math.floor(BAND_PIXELS / width));
  let [sum, squares, max, differing] = [0, 0, 0, 0];
  for (let top = 0; top < height; top += band) {
    signal.throwIfAborted();
    const { data } = context.getImageData(0, top, width, Math.min(band, height - top));
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
      sum += r + g + b;
      squares += r * r + g * g + b * b;
      max = Math.max(max, r, g, b);
      if (r + g + b > 0) differing++;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  const samples = width * height * 3;
  return {
    mean: sum / samples,
    max,
    differing: differing / (width * height),
    psnr: 10 * Math.log10(255 ** 2 / (squares / samples)),
  };
}

/** The difference times `gain` as a PNG of its own size. */
export async function differencePng(canvas: HTMLCanvasElement, gain: number): Promise<Blob> {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext('2d')!;
  context.filter = `brightness(${gain})`;
  context.drawImage(canvas, 0, 0);
  return new Promise((resolve, reject) => {
    copy.toBlob((blob) => (blob === null ? reject(new Error('The PNG could not be made.')) : resolve(blob)));
  });
}
