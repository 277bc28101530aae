/** The charts of a report as inline SVG: no script, colours from the page's CSS, a title and a description for screen readers. */
import type { Bin } from '../../src-shared/symmetric-bins.ts';
import { fixed } from './figures.ts';
import { html, type Html, type Part } from './html.ts';

/** `title`: what the chart is; `summary`: what it shows, in words. */
export type ChartText = { title: string; summary: string };

/** Plot area in px inside the viewBox: from left/top to right/bottom. */
type Plot = { left: number; top: number; right: number; bottom: number };
type Range = { min: number; max: number };

/** A bar that ends here or below lies below zero: the edges of bins are sums of their widths. */
const ZERO = 1e-12;

/** About `wanted` round numbers inside [min, max]: multiples of 1, 2 or 5 times a power of ten. */
export function ticks({ min, max }: Range, wanted = 5): number[] {
  const span = max - min;
  if (!(span > 0) || !Number.isFinite(span)) return [min];
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Titles of the two axes of a scatter plot; `ideal`: where its line of equality begins and ends, in data units. */
export type ScatterAxes = { x: string; y: string; ideal: Range };

/**
 * y against x: one dot per pair and the line of equality; the axes reach over it and every dot. Equal dots are drawn once. With
 * `worseBelow`, dots below the line are drawn as "worse".
 */
export function scatterSvg(
  text: ChartText,
  xs: readonly number[],
  ys: readonly number[],
  { x: xTitle, y: yTitle, ideal }: ScatterAxes,
  { worseBelow = false } = {},
): Html {
  const plot: Plot = { left: 56, top: 12, right: 508, bottom: 412 };
  const x = { min: Math.min(ideal.min, least(xs)), max: Math.max(ideal.max, most(xs)) };
  const y = { min: Math.min(ideal.min, least(ys)), max: Math.max(ideal.max, most(ys)) };
  const dots = { usual: new Set<string>(), worse: new Set<string>() };
  for (const [i, value] of xs.entries()) {
    const kind = worseBelow && ys[i]! < value ? 'worse' : 'usual';
    dots[kind].add(`M${tenth(across(plot, x, value))} ${tenth(up(plot, y, ys[i]!))}h0`);
  }
  const line = html`<line
    class="ideal"
    x1="${tenth(across(plot, x, ideal.min))}"
    y1="${tenth(up(plot, y, ideal.min))}"
    x2="${tenth(across(plot, x, ideal.max))}"
    y2="${tenth(up(plot, y, ideal.max))}"
  />`;
  return svg(text, 520, 452, [
    verticalAxis(plot, y, yTitle),
    horizontalAxis(plot, x, xTitle),
    line,
    html`<path class="dots" d="${[...dots.usual].join('')}" />`,
    dots.worse.size === 0 ? null : html`<path class="dots worse" d="${[...dots.worse].join('')}" />`,
  ]);
}

/** One horizontal bar per row, with its value; an undefined value is a dash. The axis starts at 0, or at the lowest value below it. */
export function barsSvg(
  text: ChartText,
  rows: readonly { name: string; value: number | null }[],
  axisTitle: string,
): Html {
  const height = 20;
  const plot: Plot = { left: 178, top: 6, right: 470, bottom: 6 + rows.length * height };
  const range = { min: Math.min(0, least(rows.flatMap((row) => row.value ?? []))), max: 1 };
  const zero = across(plot, range, 0);
  const bars = rows.map(({ name, value }, i) => {
    const top = plot.top + i * height;
    const end = across(plot, range, value ?? 0);
    return html`<text class="name" x="${plot.left - 8}" y="${top + 14}">${shortened(name)}</text
      ><rect
        class="bar"
        x="${tenth(Math.min(zero, end))}"
        y="${top + 3}"
        width="${tenth(Math.abs(end - zero))}"
        height="${height - 6}"
      /><text x="${tenth(Math.max(zero, end) + 6)}" y="${top + 14}">${fixed(value)}</text>`;
  });
  return svg(text, 520, plot.bottom + 40, [horizontalAxis(plot, range, axisTitle), bars]);
}

/** A histogram with equal bins. With `worseBelowZero`, bars below zero are drawn as "worse", and a line marks zero. */
export function histogramSvg(
  text: ChartText,
  bins: readonly Bin[],
  titles: { x: string; y: string },
  { worseBelowZero = false } = {},
): Html {
  const plot: Plot = { left: 56, top: 12, right: 508, bottom: 212 };
  const x = { min: bins[0]?.from ?? 0, max: bins.at(-1)?.to ?? 1 };
  const y = { min: 0, max: Math.max(1, most(bins.map((bin) => bin.count))) };
  const bars = bins.map(({ from, to, count }) => {
    const left = across(plot, x, from);
    const top = up(plot, y, count);
    return html`<rect
      class="${worseBelowZero && to <= ZERO ? 'bar worse' : 'bar'}"
      x="${tenth(left)}"
      y="${tenth(top)}"
      width="${tenth(across(plot, x, to) - left - 1)}"
      height="${tenth(plot.bottom - top)}"
    />`;
  });
  const zero = tenth(across(plot, x, 0));
  return svg(text, 520, 252, [
    verticalAxis(plot, y, titles.y),
    horizontalAxis(plot, x, titles.x),
    bars,
    worseBelowZero
      ? html`<line class="ideal" x1="${zero}" y1="${plot.top}" x2="${zero}" y2="${plot.bottom}" />`
      : null,
  ]);
}

function svg({ title, summary }: ChartText, width: number, height: number, content: Part): Html {
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}. ${summary}">
    ${content}
  </svg>`;
}

function horizontalAxis(plot: Plot, range: Range, title: string): Html {
  const marks = ticks(range).map((tick) => {
    const x = tenth(across(plot, range, tick));
    return html`<line class="grid" x1="${x}" y1="${plot.top}" x2="${x}" y2="${plot.bottom}" /><text
        class="middle"
        x="${x}"
        y="${plot.bottom + 16}"
        >${tickText(tick)}</text
      >`;
  });
  return html`${marks}<text class="middle" x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 34}"
      >${title}</text
    >`;
}

function verticalAxis(plot: Plot, range: Range, title: string): Html {
  const marks = ticks(range).map((tick) => {
    const y = tenth(up(plot, range, tick));
    return html`<line class="grid" x1="${plot.left}" y1="${y}" x2="${plot.right}" y2="${y}" /><text
        class="name"
        x="${plot.left - 6}"
        y="${y + 4}"
        >${tickText(tick)}</text
      >`;
  });
  const middle = (plot.top + plot.bottom) / 2;
  return html`${marks}<text class="middle" x="14" y="${middle}" transform="rotate(-90 14 ${middle})"
      >${title}</text
    >`;
}

function across({ left, right }: Plot, { min, max }: Range, value: number): number {
  return max > min ? left + ((value - min) / (max - min)) * (right - left) : (left + right) / 2;
}

function up({ top, bottom }: Plot, { min, max }: Range, value: number): number {
  return max > min ? bottom - ((value - min) / (max - min)) * (bottom - top) : (top + bottom) / 2;
}

function tickText(value: number): string {
  return String(Number(value.toPrecision(6))).replace('-', '−');
}

function shortened(name: string): string {
  return name.length > 26 ? `${name.slice(0, 25)}…` : name;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
