/** A grid of values over a picture: how it is painted, written as a table and saved with its picture. */
import type { BlockMap, OcclusionMap } from '../../src-shared/inspect.ts';
import { explainNss, nssUnit } from '../../src-shared/nss-names.ts';
import type { Table } from '../table-export.ts';
import { colourAt, placeOf, scaleEnds, type ScaleKind } from './colour-scale.ts';

/** What lies over a picture. */
export type PictureMap = {
  title: string;
  /** One sentence on what it shows. */
  explanation: string;
  /** Of the values; '' where they have none. */
  unit: string;
  kind: ScaleKind;
  rows: number;
  columns: number;
  /** Part of the picture that it covers from the top left, in image pixels. */
  width: number;
  height: number;
  /** rows * columns, row-major. */
  values: readonly number[];
  /** File name without its ending, and where the numbers come from. */
  name: string;
  provenance: string;
};

/** The map of an NSS feature; `of` names image, dataset and stream version. */
export function mapOfBlocks(map: BlockMap, of: { image: string; provenance: string }): PictureMap {
  const { feature, rows, columns, blockSize, values } = map;
  const part = feature.startsWith('std.') ? ', distance of each block from the mean of the blocks' : '';
  return {
    title: `${feature}${part}`,
    explanation: explainNss(feature),
    unit: nssUnit(feature),
    kind: 'sequential',
    rows,
    columns,
    width: columns * blockSize,
    height: rows * blockSize,
    values,
    name: `${of.image}-${feature}`,
    provenance: `${of.provenance} · blocks of ${blockSize} × ${blockSize} px`,
  };
}

const FILLS = { mean: 'its mean colour', grey: 'mid-grey', blur: 'its own blur' };

/** The map of an occlusion job; `of` names image and dataset. */
export function mapOfOcclusion(map: OcclusionMap, of: { image: string; provenance: string }): PictureMap {
  const { run, fill, rows, columns, width, height, change } = map;
  return {
    title: `Change of run ${run}'s prediction`,
    explanation: `How much the prediction (${map.prediction.toFixed(3)}) changes when a cell is covered with ${FILLS[fill]}: blue where that lowers it, red where that raises it.`,
    unit: 'label units',
    kind: 'diverging',
    rows,
    columns,
    width,
    height,
    values: change,
    name: `${of.image}-occlusion-run-${run}-${fill}`,
    provenance: `${of.provenance} · run ${run} · ${columns} × ${rows} cells covered with ${FILLS[fill]}`,
  };
}

/** Image pixels of a cell: left, top, right, bottom. */
export function cellBox(map: PictureMap, index: number): [number, number, number, number] {
  const row = Math.floor(index / map.columns);
  const column = index % map.columns;
  const x = (c: number): number => Math.round((c * map.width) / map.columns);
  const y = (r: number): number => Math.round((r * map.height) / map.rows);
  return [x(column), y(row), x(column + 1), y(row + 1)];
}

/** The cell under an image point; null outside the map. */
export function cellAt(map: PictureMap, x: number, y: number): number | null {
  const column = Math.floor((x / map.width) * map.columns);
  const row = Math.floor((y / map.height) * map.rows);
  return column < 0 || row < 0 || column >= map.columns || row >= map.rows
    ? null
    : row * map.columns + column;
}

/** One pixel per cell. */
export function paintMap(map: PictureMap): ImageData {
  const ends = scaleEnds(map.kind, map.values);
  const image = new ImageData(map.columns, map.rows);
  map.values.forEach((value, i) => image.data.set([...colourAt(map.kind, placeOf(value, ends)), 255], i * 4));
  return image;
}

/** Row, column, pixels and value of every cell. */
export function mapTable(map: PictureMap): Table {
  const value = map.unit === '' ? 'value' : `value (${map.unit})`;
  return {
    caption: `${map.title} · ${map.provenance}`,
    columns: ['row', 'column', 'left', 'top', 'right', 'bottom', value].map((title) => ({
      title,
      numeric: true,
    })),
    rows: map.values.map((v, i) => [Math.floor(i / map.columns), i % map.columns, ...cellBox(map, i), v]),
  };
}

const FOOT = 74;

/** The picture at its own size with the map over it, and below it the scale, its ends and where the numbers come from. */
export async function pictureWithMap(src: string, map: PictureMap, opacity: number): Promise<Blob> {
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(480, picture.naturalWidth);
  canvas.height = picture.naturalHeight + FOOT;
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0);
  context.imageSmoothingEnabled = false;
  context.globalAlpha = opacity;
  context.drawImage(await createImageBitmap(paintMap(map)), 0, 0, map.width, map.height);
  context.globalAlpha = 1;
  drawFoot(context, map, picture.naturalHeight);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) =>
      blob === null ? reject(new Error('The PNG could not be made.')) : resolve(blob),
    );
  });
}

function drawFoot(context: CanvasRenderingContext2D, map: PictureMap, top: number): void {
  const font = "Helvetica, Arial, 'Liberation Sans', sans-serif";
  const [low, high] = scaleEnds(map.kind, map.values);
  for (let x = 0; x < 160; x++) {
    context.fillStyle = `rgb(${colourAt(map.kind, x / 159).join(' ')})`;
    context.fillRect(8 + x, top + 30, 1, 10);
  }
  context.fillStyle = '#1a1d20';
  context.font = `bold 12px ${font}`;
  context.fillText(map.title, 8, top + 20);
  context.font = `11px ${font}`;
  context.fillText(`${valueText(low)} to ${valueText(high)} ${map.unit}`, 176, top + 39);
  context.fillStyle = '#565e66';
  context.font = `9px ${font}`;
  context.fillText(map.provenance, 8, top + 60);
}

/** A value of a map with as many digits as it needs. */
export function valueText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 1 ? 2 : 4);
}
