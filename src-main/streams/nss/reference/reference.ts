/**
 * The NSS descriptor in plain float64 TypeScript: the readable definition (spec nss.md), and the oracle of the
 * tests of the WebAssembly kernel. Production uses ../descriptor.ts, which is some hundred times faster.
 */
import type { RgbPicture } from '../../../images/picture.ts';
import { aggregate } from '../aggregate.ts';
import { blockGrid } from '../grid.ts';
import { colorFeatures } from './color.ts';
import { digitFeatures } from './digit.ts';
import { intensityFeatures } from './intensity.ts';
import { lbpCodes, lbpFeatures } from './lbp.ts';
import { logGaborFeatures } from './log-gabor.ts';
import { cutBlock, lumaThousandths, mapPlane } from './luma.ts';
import type { Plane } from './luma.ts';
import { sobelFeatures, sobelMagnitudes } from './sobel.ts';

/** 138 features. Throws StudioError 'unsupported-image' where a side is below 32 px. */
export function describeReference(picture: RgbPicture): Float64Array {
  return aggregate(blocksReference(picture).values);
}

/** rows * columns x 69 block features, row-major. Throws like describeReference. */
export function blocksReference(picture: RgbPicture): {
  rows: number;
  columns: number;
  values: Float64Array;
} {
  const { rows, columns } = blockGrid(picture);
  const thousandths = lumaThousandths(picture);
  const luma = mapPlane(thousandths, (s) => s / 1000);
  const quantised = mapPlane(thousandths, (s) => Math.floor((s + 500) / 1000));
  const gradients = sobelMagnitudes(luma);
  const codes = lbpCodes(luma);
  const [r, g, b] = [0, 1, 2].map((channel) => channelPlane(picture, channel)) as [Plane, Plane, Plane];

  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cut = (plane: Plane) => cutBlock(plane, row, column);
      values.push(
        ...intensityFeatures(cut(luma), cut(quantised)),
        ...sobelFeatures(cut(gradients.x), cut(gradients.y)),
        ...lbpFeatures(cut(codes)),
        ...logGaborFeatures(cut(luma)),
        ...digitFeatures(cut(quantised)),
        ...colorFeatures(cut(r), cut(g), cut(b)),
      );
    }
  }
  return { rows, columns, values: Float64Array.from(values) };
}

function channelPlane({ width, height, data }: RgbPicture, channel: number): Plane {
  return {
    width,
    height,
    values: Float64Array.from({ length: width * height }, (_, i) => data[3 * i + channel]!),
  };
}
