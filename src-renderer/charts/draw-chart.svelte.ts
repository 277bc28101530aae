/** The one place where chart.js meets the page. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  ScatterController,
  Ticks,
  Title,
  Tooltip,
  type Scale,
  type ActiveElement,
  type ChartConfiguration,
} from 'chart.js';
import { untrack } from 'svelte';
import type { Attachment } from 'svelte/attachments';

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  ScatterController,
  Title,
  Tooltip,
);

const CHART_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
Chart.defaults.font.family = CHART_FONT;
Chart.defaults.font.size = 11;
Chart.defaults.animation = false;
Chart.defaults.responsive = true;
Chart.defaults.maintainAspectRatio = false;
// A minus as everywhere else in the window, not a hyphen.
Chart.defaults.scales.linear.ticks.callback = function (value, index, ticks) {
  return Ticks.formatters.numeric.call(this as Scale, Number(value), index, ticks).replace(/^-/, '−');
};

/** A point or bar that a person chose: position in its dataset of the chart. */
export type Pick = (datasetIndex: number, index: number) => void;

/**
 * Draws a chart on a canvas and redraws it when what `config` reads changes.
 * With `onpick`, a click or Enter opens an element; arrow keys, Home and End move between elements, in a `grid` (heatmap) in
 * both directions.
 */
export function drawChart(
  config: () => ChartConfiguration,
  onpick?: Pick,
  grid = false,
): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    const chart = new Chart(canvas, untrack(config));
    let first = true;
    $effect(() => {
      const { data, options } = config();
      if (first) {
        first = false;
        return;
      }
      chart.data = data;
      chart.options = options ?? {};
      chart.update('none');
    });
    const stopKeys = onpick === undefined ? undefined : pickable(canvas, chart, onpick, grid);
    return () => {
      stopKeys?.();
      chart.destroy();
    };
  };
}

function pickable(canvas: HTMLCanvasElement, chart: Chart, onpick: Pick, grid: boolean): () => void {
  let at = -1;
  const elements = (): ActiveElement[] =>
    chart.data.datasets.flatMap((_, datasetIndex) =>
      chart
        .getDatasetMeta(datasetIndex)
        .data.map((element, index) => ({ element, datasetIndex, index }))
        .filter(({ element }) => Number.isFinite(element.x) && Number.isFinite(element.y)),
    );
  const show = (active: ActiveElement | undefined): void => {
    if (active === undefined) return;
    chart.setActiveElements([active]);
    chart.tooltip?.setActiveElements([active], { x: active.element.x, y: active.element.y });
    chart.render();
  };
  const onkeydown = (event: KeyboardEvent): void => {
    const all = elements();
    if (all.length === 0) return;
    // The datasets of a grid are its columns: left and right step from one to the next.
    const across = grid ? (chart.data.datasets[0]?.data.length ?? 1) : 1;
    const step = { ArrowRight: across, ArrowDown: 1, ArrowLeft: -across, ArrowUp: -1 }[event.key];
    if (step !== undefined) at = at < 0 ? 0 : (at + step + all.length) % all.length;
    else if (event.key === 'Home') at = 0;
    else if (event.key === 'End') at = all.length - 1;
    else if (event.key === 'Enter' && at >= 0) return onpick(all[at]!.datasetIndex, all[at]!.index);
    else return;
    event.preventDefault();
    show(all[at]);
  };
  const hit = (event: MouseEvent) => {
    // The chart's own mode may take a whole column; a click means one element.
    const mode = chart.options.interaction?.mode === 'manyPoints' ? 'manyPoints' : 'nearest';
    return chart.getElementsAtEventForMode(event, mode, { intersect: true }, false)[0];
  };
  const onclick = (event: MouseEvent): void => {
    const found = hit(event);
    if (found !== undefined) onpick(found.datasetIndex, found.index);
  };
  const onmove = (event: MouseEvent): void => {
    canvas.style.cursor = hit(event) === undefined ? 'default' : 'pointer';
  };
  canvas.addEventListener('keydown', onkeydown);
  canvas.addEventListener('click', onclick);
  canvas.addEventListener('mousemove', onmove);
  return () => {
    canvas.removeEventListener('keydown', onkeydown);
    canvas.removeEventListener('click', onclick);
    canvas.removeEventListener('mousemove', onmove);
  };
}
