/** A run as one HTML file that needs nothing else: no script, no request, light and dark, printable. */
import { distortionName } from '../../src-shared/distortions.ts';
import { symmetricBins } from '../../src-shared/symmetric-bins.ts';
import type { MetricName, Metrics, RunDetail, WorstImage } from '../../src-shared/runs.ts';
import { count, fixed } from './figures.ts';
import { gateRows } from './gate-rows.ts';
import { html, htmlPage, type Html, type Part } from './html.ts';
import { RUN_STYLE } from './run-style.ts';
import { barsSvg, histogramSvg, scatterSvg } from './charts.ts';

export type RunReport = {
  run: RunDetail;
  /** Every image of the run, in label order. */
  images: { mos: number; prediction: number; distortion: string | null; gates: Record<string, number> }[];
  /** The images with the largest errors; `thumbnail`: a data: URL of a picture, null where there is none. */
  worst: (WorstImage & { thumbnail: string | null })[];
  targetLabel: string;
  versions: Record<string, string>;
  /** When the report is written. */
  date: Date;
};

const METRICS: [MetricName, string][] = [
  ['srocc', 'SROCC'],
  ['plcc', 'PLCC'],
  ['krocc', 'KROCC'],
  ['rmse', 'RMSE'],
];

/** The report as a whole document. */
export function renderRunReport(report: RunReport): string {
  const { run } = report;
  const body = html`${heading(report)}
  ${run.warnings.map(({ message }) => html`<p class="warning"><strong>Warning:</strong> ${message}</p>`)}
  ${headline(run)} ${charts(report)} ${foldTable(run)} ${breakdowns(run)} ${gateTable(report)}
  ${worstImages(report)} ${provenance(report)}`;
  return htmlPage({ title: `${run.label} – run report`, body, style: RUN_STYLE });
}

function heading({ run, targetLabel, date }: RunReport): Html {
  return html`<header>
    <h1>${run.label}</h1>
    <p class="muted">
      Run ${run.run} on ${run.dataset.name}${run.dataset.synthetic ? ' (synthetic labels)' : ''}, label
      ${targetLabel} (${run.dataset.scale.min} to ${run.dataset.scale.max}, ${run.dataset.scale.better} is
      better) · ${run.protocol} ·
      ${run.streams.map((s) => s.stream).join(' + ')}${run.preset === null ? '' : ` · preset ${run.preset}`} ·
      report of ${date.toISOString().slice(0, 10)}
    </p>
  </header>`;
}

function headline({ metrics, population, parameters }: RunDetail): Html | null {
  if (metrics === null) return null;
  const boxes = METRICS.map(([name, title]) => {
    const ci = metrics.ci95[name];
    return html`<div>
      <dt>${title}</dt>
      <dd>${fixed(metrics.overall[name])}</dd>
      <dd class="muted">${ci === undefined ? 'no interval' : `95 %: ${fixed(ci[0])} to ${fixed(ci[1])}`}</dd>
      <dd class="muted">
        ${metrics.mean === null ? '' : `folds ${fixed(metrics.mean[name])} ± ${fixed(metrics.std?.[name])}`}
      </dd>
    </div>`;
  });
  return html`<dl class="headline">
    ${boxes}
    <div>
      <dt>images</dt>
      <dd>${count(population.n)}</dd>
      <dd class="muted">${parameters === null ? '' : `${count(parameters)} parameters`}</dd>
    </div>
  </dl>`;
}

function charts({ run, images }: RunReport): Html {
  const mos = images.map((image) => image.mos);
  const prediction = images.map((image) => image.prediction);
  const overall = run.metrics?.overall;
  const scatter = {
    title: 'Predicted against rated quality',
    summary: `${images.length} images, SROCC ${fixed(overall?.srocc)}`,
  };
  const residuals = { title: 'Residuals', summary: `Prediction minus MOS, RMSE ${fixed(overall?.rmse)}` };
  const sorted = run.perDistortion.toSorted((a, b) => (a.srocc ?? -2) - (b.srocc ?? -2));
  const bars = (title: string, rows: { name: string; value: number | null }[]): Html | null =>
    rows.length === 0
      ? null
      : figure(
          title,
          barsSvg(
            { title, summary: rows.map((r) => `${r.name} ${fixed(r.value, 2)}`).join(', ') },
            rows,
            'SROCC',
          ),
          run.provenance,
        );
  return html`<h2>Charts</h2>
    <div class="columns">
      ${figure(scatter.title, scatterSvg(scatter, mos, prediction, { x: 'MOS', y: 'prediction', ideal: run.dataset.scale }), run.provenance)}
      ${bars(
        'SROCC per distortion, lowest first',
        sorted.map(({ name, srocc }) => ({ name, value: srocc })),
      )}
      ${figure(
        residuals.title,
        histogramSvg(residuals, symmetricBins(prediction.map((p, i) => p - mos[i]!)), {
          x: 'prediction − MOS',
          y: 'images',
        }),
        run.provenance,
      )}
      ${bars(
        'SROCC per level',
        run.perLevel.map(({ level, srocc }) => ({ name: `level ${level}`, value: srocc })),
      )}
    </div>`;
}

function figure(title: string, chart: Html, source: string): Html {
  return html`<figure>
    <h3>${title}</h3>
    ${chart}
    <figcaption>${source}</figcaption>
  </figure>`;
}

function foldTable({ metrics, provenance: source }: RunDetail): Html | null {
  if (metrics === null || metrics.folds === null) return null;
  const values = (m: Omit<Metrics, 'n'>): string[] => METRICS.map(([name]) => fixed(m[name], 4));
  const rows: Part[][] = metrics.folds.map((m, fold) => [String(fold + 1), count(m.n), ...values(m)]);
  if (metrics.mean !== null) rows.push(['mean', '', ...values(metrics.mean)]);
  if (metrics.std !== null) rows.push(['std', '', ...values(metrics.std)]);
  rows.push(['all images', count(metrics.overall.n), ...values(metrics.overall)]);
  return html`<h2>Folds</h2>
    ${table(source, ['fold', 'n', ...METRICS.map(([, title]) => title)], rows)}`;
}

function breakdowns({ perDistortion, perLevel, provenance: source }: RunDetail): Html | null {
  if (perDistortion.length + perLevel.length === 0) return null;
  const types = perDistortion.map(({ name, n, srocc }) => [name, count(n), fixed(srocc, 4)]);
  const levels = perLevel.map(({ level, n, srocc }) => [String(level), count(n), fixed(srocc, 4)]);
  return html`<h2>Where it is strong and weak</h2>
    <div class="columns">
      ${types.length === 0 ? null : table(`SROCC per distortion · ${source}`, ['distortion', 'n', 'SROCC'], types)}
      ${levels.length === 0 ? null : table(`SROCC per level · ${source}`, ['level', 'n', 'SROCC'], levels)}
    </div>`;
}

function gateTable({ run, images }: RunReport): Html | null {
  const streams = run.streams.map((s) => s.stream);
  if (!images.some((image) => Object.keys(image.gates).length > 0)) return null;
  const rows = gateRows(images, streams).map(({ name, n, mean }, i) => [
    i === 0 ? name : distortionName(name),
    count(n),
    ...mean.map((gate) => fixed(gate)),
  ]);
  return html`<h2>Mean gates</h2>
    <p class="muted">
      A gate is the weight, between 0 and 2, that the model gives a stream for an image; 1 is neutral.
    </p>
    ${table(run.provenance, ['images', 'n', ...streams], rows)}`;
}

function table(caption: string, columns: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const head = columns.map(
    (title, i) => html`<th scope="col" ${i === 0 ? null : html` class="number"`}>${title}</th>`,
  );
  const body = rows.map(
    ([name, ...cells]) =>
      html`<tr>
        <th scope="row">${name ?? null}</th>
        ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
      </tr> `,
  );
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

function worstImages({ run, worst }: RunReport): Html | null {
  if (worst.length === 0) return null;
  const items = worst.map(
    (image) =>
      html`<li>
        ${
          image.thumbnail === null
            ? html`<p class="muted">no picture</p>`
            : html`<img src="${image.thumbnail}" alt="" />`
        }<strong>${image.name}</strong><br />MOS ${fixed(image.mos, 2)}, predicted
        ${fixed(image.prediction, 2)}${
          image.distortion === null
            ? ''
            : `, ${distortionName(image.distortion)}${image.level === null ? '' : ` level ${image.level}`}`
        }
      </li> `,
  );
  return html`<h2>Largest errors</h2>
    <p class="muted">${run.provenance}</p>
    <ul class="worst">
      ${items}
    </ul>`;
}

function provenance({ run, versions, date }: RunReport): Html {
  const facts: [string, string][] = [
    ['run', `${run.run}, ${run.kind === 'imported' ? 'imported predictions' : 'trained here'}`],
    ['created', run.createdAt],
    ['finished', run.finishedAt ?? '–'],
    ['dataset', run.dataset.name],
    ['population', `${run.population.n} images, ${run.population.hash}`],
    ['folds', run.folds === null ? '–' : `${run.folds.count} by ${run.folds.unit}, ${run.folds.hash}`],
    ...run.streams.map((s): [string, string] => [`stream ${s.stream}`, `${s.version}, ${s.source}`]),
    [
      'seconds',
      run.seconds === null
        ? '–'
        : `prepare ${fixed(run.seconds.prepare, 1)}, train ${fixed(run.seconds.train, 1)}, predict ${fixed(run.seconds.predict, 1)}`,
    ],
    ...Object.entries(versions),
    ['report written', date.toISOString()],
  ];
  return html`<h2>Provenance</h2>
    ${factTable(facts)}
    ${
      run.spec === null
        ? null
        : html`<h2>Experiment spec</h2>
            <pre>${JSON.stringify(run.spec, null, 2)}</pre>`
    }`;
}

function factTable(facts: readonly (readonly [string, string])[]): Html {
  const rows = facts.map(
    ([name, value]) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${value}</td>
      </tr> `,
  );
  return html`<table>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
