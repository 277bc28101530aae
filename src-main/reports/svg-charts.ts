/** Charts of a report as inline SVG; colours come from the page's style, so they follow its theme. */
import { symmetricBins } from '../../src-shared/symmetric-bins.ts';
import { html, type Html } from './html.ts';

const WIDTH = 520;
const HEIGHT = 300;
const MARGIN = { left: 52, right: 12, top: 10, bottom: 40 };
const INNER = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };

type Range = readonly [low: number, high: number];

/** Round numbers within a range, about `count` of them. */
export function niceTicks([low, high]: Range, count = 6): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++)
    ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

/** Histogram of differences about zero; bars below zero are drawn as "worse". */
export function histogramSvg(
  values: readonly number[],
  labels: { title: string; x: string; y: string },
): Html {
  // An even number: zero lies between two bars, so none is half worse.
  const bins = symmetricBins(values, 30);
  const xs: Range = [bins[0]!.from, bins.at(-1)!.to];
  const ys: Range = [0, Math.max(1, ...bins.map((b) => b.count))];
  const bars = bins.map(({ from, to, count }) => {
    const [left, right, top] = [toX(from, xs), toX(to, xs), toY(count, ys)];
    const kind = to <= 1e-12 ? 'bar worse' : 'bar';
    return html`<rect
      class="${kind}"
      x="${fixed(left + 0.5)}"
      y="${fixed(top)}"
      width="${fixed(right - left - 1)}"
      height="${fixed(toY(0, ys) - top)}"
    />`;
  });
  return chart(
    labels,
    xs,
    ys,
    html`${bars}<line
        class="zero"
        x1="${fixed(toX(0, xs))}"
        x2="${fixed(toX(0, xs))}"
        y1="${MARGIN.top}"
        y2="${HEIGHT - MARGIN.bottom}"
      />`,
  );
}

/** Points (x, y) on one scale with the line of equality; points below it are drawn as "worse". */
export function scatterSvg(points: readonly Range[], labels: { title: string; x: string; y: string }): Html {
  const low = points.reduce((least, p) => Math.min(least, ...p), Infinity);
  const high = points.reduce((most, p) => Math.max(most, ...p), -Infinity);
  const pad = (high - low) * 0.05 || 0.5;
  const range: Range = [low - pad, high + pad];
  const dots = points.map(
    ([x, y]) =>
      html`<circle
        class="${y < x ? 'dot worse' : 'dot'}"
        cx="${fixed(toX(x, range))}"
        cy="${fixed(toY(y, range))}"
        r="3"
      />`,
  );
  return chart(
    labels,
    range,
    range,
    html`<line
        class="zero"
        x1="${fixed(toX(range[0], range))}"
        y1="${fixed(toY(range[0], range))}"
        x2="${fixed(toX(range[1], range))}"
        y2="${fixed(toY(range[1], range))}"
      />${dots}`,
  );
}

function chart(labels: { title: string; x: string; y: string }, xs: Range, ys: Range, marks: Html): Html {
  const bottom = HEIGHT - MARGIN.bottom;
  const xTicks = niceTicks(xs).map(
    (tick) => html`<text x="${fixed(toX(tick, xs))}" y="${bottom + 15}" text-anchor="middle">${tick}</text>`,
  );
  const yTicks = niceTicks(ys, 5).map((tick) => {
    const y = fixed(toY(tick, ys));
    return html`<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}" />
      <text x="${MARGIN.left - 6}" y="${y}" dy="4" text-anchor="end">${tick}</text>`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${labels.title}">
    <title>${labels.title}</title>
    ${yTicks}${xTicks}${marks}
    <text x="${MARGIN.left + INNER.width / 2}" y="${HEIGHT - 6}" text-anchor="middle">${labels.x}</text>
    <text transform="translate(12 ${MARGIN.top + INNER.height / 2}) rotate(-90)" text-anchor="middle">
      ${labels.y}
    </text>
  </svg>`;
}

function toX(value: number, [low, high]: Range): number {
  return MARGIN.left + ((value - low) / (high - low)) * INNER.width;
}

function toY(value: number, [low, high]: Range): number {
  return MARGIN.top + (1 - (value - low) / (high - low)) * INNER.height;
}

function fixed(value: number): string {
  return value.toFixed(2);
}
