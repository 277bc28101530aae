/**
 * Scatters of tens of thousands of points in chart.js. Its own hit test and redraw go over every point at every move of the
 * pointer; here a grid finds the point, and the points are painted once, as a picture that is put back under the hovered one.
 */
import { Interaction, type Chart, type InteractionItem, type PointElement, type Plugin } from 'chart.js';
import { HitGrid } from './hit-grid.ts';

declare module 'chart.js' {
  interface InteractionModeMap {
    /** The nearest point of dataset 0 under the pointer, found by a grid. */
    manyPoints: (typeof Interaction.modes)['nearest'];
  }
}

type Kept = { grid: HitGrid; picture: HTMLCanvasElement | null };

/** What was computed from a chart's layout; gone after every update of the chart. */
const kept = new WeakMap<Chart, Kept>();

/** How near the pointer must come, in px, beyond the point's own radius. */
const SLACK = 2;

Interaction.modes.manyPoints = (chart, event): InteractionItem[] => {
  // chart.js hands over its own events, and the page's as they are.
  const { x, y } = event instanceof MouseEvent ? { x: event.offsetX, y: event.offsetY } : event;
  if (x === null || y === null || !chart.isPointInArea({ x, y })) return [];
  const index = keptOf(chart).grid.nearest(x, y);
  return index === null ? [] : [{ element: chart.getDatasetMeta(0).data[index]!, datasetIndex: 0, index }];
};

/** For charts whose dataset 0 has many points; use with interaction mode 'manyPoints'. Figures for export draw as ever. */
export const manyPoints: Plugin = {
  id: 'manyPoints',
  afterUpdate: (chart) => void kept.delete(chart),
  beforeDatasetDraw(chart, { index }) {
    // A figure for a file is drawn once, maybe not on a canvas at all.
    if (index !== 0 || chart.options.responsive === false) return;
    const state = keptOf(chart);
    state.picture ??= paint(chart);
    const { left, top, width, height } = chart.chartArea;
    chart.ctx.drawImage(state.picture, left, top, width, height);
    for (const { element } of chart.getActiveElements())
      (element as PointElement).draw(chart.ctx, chart.chartArea);
    return false;
  },
};

function keptOf(chart: Chart): Kept {
  let state = kept.get(chart);
  if (state === undefined) {
    const points = pointsOf(chart);
    const grid = new HitGrid(
      Float64Array.from(points, ({ x }) => x),
      Float64Array.from(points, ({ y }) => y),
      (points[0]?.options.radius ?? 0) + SLACK,
    );
    state = { grid, picture: null };
    kept.set(chart, state);
  }
  return state;
}

/** All points as they look when none is hovered, over the chart area, in device pixels. */
function paint(chart: Chart): HTMLCanvasElement {
  const { left, top, width, height } = chart.chartArea;
  const scale = chart.currentDevicePixelRatio;
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d')!;
  context.scale(canvas.width / width, canvas.height / height);
  const { controller } = chart.getDatasetMeta(0);
  pointsOf(chart).forEach((point, i) => {
    const style = (point.active ? controller.getStyle(i, false) : point.options) as PointElement['options'];
    context.fillStyle = style.backgroundColor as string;
    context.beginPath();
    context.arc(point.x - left, point.y - top, style.radius, 0, 2 * Math.PI);
    context.fill();
  });
  return canvas;
}

function pointsOf(chart: Chart): PointElement[] {
  return chart.getDatasetMeta(0).data as unknown as PointElement[];
}
