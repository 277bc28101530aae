import { describe, expect, it } from 'vitest';
import { escapeHtml, html } from '../../src-main/reports/html.ts';
import { gateRows } from '../../src-main/reports/gate-rows.ts';
import { renderRunReport, type RunReport } from '../../src-main/reports/run-report.ts';
import { barsSvg, histogramSvg, scatterSvg, ticks } from '../../src-main/reports/charts.ts';
import { symmetricBins } from '../../src-shared/symmetric-bins.ts';
import { detailOf, makeRun } from '../fixtures/mock-runs.ts';

const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;`;

function report(change: Partial<RunReport> = {}): RunReport {
  const run = detailOf(makeRun(3, 'image', 'done'));
  return {
    run,
    images: [
      { mos: 1, prediction: 1.5, distortion: '01', gates: { nss: 0.5 } },
      { mos: 4, prediction: 3, distortion: '02', gates: { nss: 1.5 } },
    ],
    worst: [
      {
        image: 1,
        name: 'a.png',
        mos: 4,
        prediction: 3,
        residual: -1,
        distortion: '02',
        level: 2,
        fold: 0,
        thumbnail: 'data:image/webp;base64,AAAA',
      },
    ],
    targetLabel: 'mos',
    versions: { 'BIQA Studio': '9.9.9' },
    date: new Date('2026-01-02T03:04:05Z'),
    ...change,
  };
}

/** The page without the white space that means nothing in it. */
const compact = (text: string) => text.replace(/\s+/g, ' ').replace(/> /g, '>').replace(/ </g, '<');
const render = (change?: Partial<RunReport>) => compact(renderRunReport(report(change)));

describe('templates', () => {
  it('escape every value, in text and in attributes', () => {
    const nested = [html`<b>${'<'}</b>`, '&', 5, null];
    expect(html`<p title="${'"\''}">${nested}</p>`.markup).toBe(
      '<p title="&quot;&#39;"><b>&lt;</b>&amp;5</p>',
    );
    expect(escapeHtml('a\u0000b\u001b\tc')).toBe('a\uFFFDb\uFFFD\tc');
  });
});

describe('charts', () => {
  it('tick round numbers inside the range', () => {
    expect(ticks({ min: 1, max: 5 })).toEqual([1, 2, 3, 4, 5]);
    expect(ticks({ min: 0, max: 100 })).toEqual([0, 20, 40, 60, 80, 100]);
    expect(ticks({ min: -0.3, max: 1 }).map((t) => Number(t.toFixed(6)))).toEqual([0, 0.5, 1]);
    expect(ticks({ min: -0.3, max: 0.3 }, 6).map((t) => Number(t.toFixed(6)))).toEqual([
      -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3,
    ]);
    expect(ticks({ min: 2, max: 2 })).toEqual([2]);
  });

  it('put each point where it belongs, equal ones once', () => {
    const text = { title: 'T', summary: 'S' };
    const axes = { x: 'x', y: 'y', ideal: { min: 1, max: 5 } };
    const svg = scatterSvg(text, [1, 5, 5, 3], [1, 5, 5, 3], axes).markup;
    expect(/class="dots" d="([^"]*)"/.exec(svg)![1]).toBe('M56 412h0M508 12h0M282 212h0');
    const rows = [
      { name: 'x', value: 0.5 },
      { name: 'y', value: null },
    ];
    const bars = compact(barsSvg(text, rows, 'SROCC').markup);
    const widths = [...bars.matchAll(/<rect class="bar" x="178" y="\d+" width="([\d.]+)"/g)].map((m) => m[1]);
    expect(widths).toEqual(['146', '0']);
    const below = compact(barsSvg(text, [{ name: 'x', value: -1 }], 'SROCC').markup);
    expect(below).toContain('<rect class="bar" x="178" y="9" width="146"');
    const bins = [
      { from: -1, to: 0, count: 2 },
      { from: 0, to: 1, count: 4 },
    ];
    expect(compact(histogramSvg(text, bins, { x: 'x', y: 'y' }).markup)).toContain(
      'x="56" y="112" width="225" height="100"',
    );
  });
});

describe('charts of what got worse', () => {
  const text = { title: 'T', summary: 'S' };
  const axes = { x: 'x', y: 'y', ideal: { min: 0, max: 1 } };

  it('mark the dots below the line, and those only', () => {
    const svg = scatterSvg(text, [0, 1, 1], [0, 0, 1], axes, { worseBelow: true }).markup;
    expect(/class="dots" d="([^"]*)"/.exec(svg)![1]).toBe('M56 412h0M508 12h0');
    expect(/class="dots worse" d="([^"]*)"/.exec(svg)![1]).toBe('M508 412h0');
    expect(scatterSvg(text, [0, 1, 1], [0, 0, 1], axes).markup).not.toContain('worse');
  });

  it('mark the bars below zero', () => {
    const bins = symmetricBins([-0.3, -0.1, 0.05, 0.3], 30);
    const bars = (markup: string) => [...markup.matchAll(/class="(bar[^"]*)"/g)].map(([, kind]) => kind);
    const half = (kind: string) => Array.from({ length: 15 }, () => kind);
    const marked = histogramSvg(text, bins, axes, { worseBelowZero: true }).markup;
    expect(bars(marked)).toEqual([...half('bar worse'), ...half('bar')]);
    expect(compact(marked)).toContain('<line class="ideal" x1="282" y1="12" x2="282" y2="212" />');
    expect(bars(histogramSvg(text, bins, axes).markup)).toEqual([...half('bar'), ...half('bar')]);
  });

  it('draw finite numbers, one point and equal points too', () => {
    const one = { x: 'x', y: 'y', ideal: { min: 0.5, max: 0.5 } };
    const markup =
      scatterSvg(text, [0.5, 0.5], [0.5, 0.5], one).markup +
      histogramSvg(text, symmetricBins([0], 30), one, { worseBelowZero: true }).markup;
    expect(markup).not.toMatch(/NaN|Infinity/);
  });
});

describe('gates', () => {
  it('are averaged over all images and within each distortion type', () => {
    const rows = gateRows(
      [
        { distortion: '10', gates: { a: 1, b: 0 } },
        { distortion: '2', gates: { a: 0.5 } },
        { distortion: null, gates: { a: 0 } },
      ],
      ['a', 'b'],
    );
    expect(rows).toEqual([
      { name: 'all images', n: 3, mean: [0.5, 0] },
      { name: '2', n: 1, mean: [0.5, null] },
      { name: '10', n: 1, mean: [1, 0] },
    ]);
  });
});

describe('the report of a run', () => {
  it('holds figures with intervals, folds, breakdowns, gates, warnings, provenance', () => {
    const page = render();
    for (const text of [
      '<dt>SROCC</dt><dd>0.912</dd>',
      '95 %: 0.901 to 0.922',
      'folds 0.912 ± 0.007',
      '<th scope="row">all images</th><td class="number">2</td><td class="number">1.000</td>',
      '<th scope="row">Lens blur</th><td class="number">1</td><td class="number">1.500</td>',
      'Images of the same scene are on both sides of every fold',
      'MOS 4.00, predicted 3.00, Lens blur level 2',
      'src="data:image/webp;base64,AAAA" alt=""',
      '1f0c93ab7d21',
      '9ab2c7110f00',
      '(synthetic labels)',
      '<td>9.9.9</td>',
      '2026-01-02T03:04:05.000Z',
    ])
      expect(page).toContain(text);
    expect(page.match(/<svg /g)).toHaveLength(4);
    expect(page.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)).toHaveLength(4);
  });

  it('needs nothing from elsewhere and runs nothing', () => {
    const page = render();
    expect(page).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(|https?:|\son\w+=/i);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('@media print');
  });

  it('shows hostile names as they are', () => {
    const run = detailOf(makeRun(3, 'image', 'done'));
    const page = render({
      run: {
        ...run,
        label: HOSTILE,
        dataset: { ...run.dataset, name: HOSTILE },
        streams: [{ stream: HOSTILE, version: HOSTILE, source: HOSTILE }],
        warnings: [{ code: 'x', message: HOSTILE }],
        perDistortion: [{ type: HOSTILE, name: HOSTILE, n: 2, srocc: 0.5 }],
        spec: { name: HOSTILE } as never,
        provenance: HOSTILE,
      },
      images: [{ mos: 1, prediction: 2, distortion: HOSTILE, gates: { [HOSTILE]: 1 } }],
      worst: [{ ...report().worst[0]!, name: HOSTILE, distortion: HOSTILE, thumbnail: null }],
      targetLabel: HOSTILE,
    });
    expect(page).not.toMatch(/<script|<img/);
    expect(page.split('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;').length).toBeGreaterThan(12);
  });

  it('leaves out what a run does not have', () => {
    const run = detailOf(makeRun(3, 'image', 'done'));
    const metrics = { ...run.metrics!, folds: null, mean: null, std: null, ci95: {} };
    const page = render({
      run: {
        ...run,
        metrics,
        folds: null,
        perDistortion: [],
        perLevel: [],
        seconds: null,
        kind: 'imported',
      },
      images: [{ mos: 1, prediction: 1, distortion: null, gates: {} }],
      worst: [],
    });
    for (const heading of ['Folds', 'Mean gates', 'Largest errors', 'Where it is strong'])
      expect(page).not.toContain(`<h2>${heading}`);
    expect(page).toContain('no interval');
    expect(page.match(/<svg /g)).toHaveLength(2);
  });
});
