/** A grid of values over a picture: what it shows, where its cells lie, and how it is written as a table. */
import type { BlockMap, OcclusionMap } from '../../src-shared/inspect.ts';
import { explainNss, nssUnit } from '../../src-shared/nss-names.ts';
import { fixed } from '../format.ts';
import type { Table } from '../table-export.ts';
import type { ScaleKind } from './colour-scale.ts';

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

/** A value of a map with as many digits as it needs, and a true minus. */
export function valueText(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4;
  return fixed(value, digits);
}
