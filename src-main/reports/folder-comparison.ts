/** The regression report as one self-contained HTML file (docs/regression.md). */
import type { ComparedPair, ComparedSide, FolderComparison } from '../../src-shared/folder-comparison.ts';
import { symmetricBins } from '../../src-shared/symmetric-bins.ts';
import { histogramSvg, scatterSvg } from './charts.ts';
import { html, htmlPage, type Html } from './html.ts';

/** Pairs that are shown with pictures. */
export const PICTURED_PAIRS = 24;
/** Rows of the table of what got worse, names of the lists; CSV and JSON have the rest. */
const MOST_ROWS = 1000;

/** WebP thumbnails of a pair's two files; null where a file can no longer be read. */
export type PairPictures = { a: Buffer | null; b: Buffer | null };

/**
 * Renders a comparison. `pictures[i]` belongs to `comparison.pairs[i]`, the first PICTURED_PAIRS at most; `finishedAt` is
 * the ISO time of the job. The same input gives the same bytes.
 */
export function comparisonHtml(
  comparison: FolderComparison,
  pictures: readonly PairPictures[],
  finishedAt: string,
): string {
  const worse = comparison.pairs.filter(({ difference }) => difference !== null && difference < 0);
  return htmlPage({
    title: `Regression report: run ${comparison.run.run}`,
    body: html`${headline(comparison)}${charts(comparison)}${worstPairs(worse, pictures)}${worseTable(worse)}${leftOut(comparison)}${provenance(comparison, finishedAt)}`,
  });
}

function headline({ summary: s, threshold, counts, a, b, run }: FolderComparison): Html {
  const share = (n: number) => `${((100 * n) / s.n).toFixed(1)} %`;
  const range = (ci: readonly [number, number] | null) =>
    ci === null ? 'no interval from one pair' : `95 % ${signed(ci[0])} to ${signed(ci[1])}`;
  return html`<section>
    <h1>Regression report</h1>
    <p class="name">
      B <strong>${b}</strong> against A <strong>${a}</strong>, scored by run ${run.run} (${run.label}).
      ${counts.compared} of ${counts.pairs} pairs compared.
    </p>
    ${
      threshold === null
        ? null
        : html`<p class="verdict ${threshold.exceeded ? 'bad' : 'good'}">
            <strong>${threshold.exceeded ? 'Worse than allowed.' : 'Within the threshold.'}</strong>
            The ${threshold.on} difference is ${signed(threshold.value)}; a drop of up to
            ${threshold.threshold} is allowed.
          </p>`
    }
    <div class="figures">
      <div>
        Mean difference<strong>${signed(s.mean)}</strong
        ><span class="muted small">${range(s.mean_ci95)}</span>
      </div>
      <div>
        Median difference<strong>${signed(s.median)}</strong
        ><span class="muted small">${range(s.median_ci95)}</span>
      </div>
      <div>
        Got worse<strong>${share(s.worse)}</strong
        ><span class="muted small">${s.worse} worse, ${s.better} better, ${s.equal} equal</span>
      </div>
      <div>
        Largest drop<strong>${signed(Math.min(0, s.worst))}</strong
        ><span class="muted small"
          >${
            s.wilcoxon === null
              ? 'no difference anywhere'
              : `Wilcoxon signed-rank p = ${s.wilcoxon.p.toPrecision(3)} (n = ${s.wilcoxon.n}, ${s.wilcoxon.method})`
          }</span
        >
      </div>
    </div>
    <p class="muted small">
      Differences are B − A on the common scale: 0 is the bad end of the scale of the labels, 1 the good end;
      below zero, B is worse. Intervals are percentile bootstrap over the pairs.
    </p>
  </section>`;
}

function charts({ pairs, summary }: FolderComparison): Html {
  const compared = pairs.filter((pair) => pair.difference !== null);
  const a = compared.map((pair) => pair.a.quality!);
  const b = compared.map((pair) => pair.b.quality!);
  const counted = `${summary.worse} of ${summary.n} pairs got worse, ${summary.better} better, ${summary.equal} equal`;
  return html`<section class="charts">
    <div>
      <h2>Differences</h2>
      ${histogramSvg(
        { title: 'Histogram of the differences B − A', summary: counted },
        // An even number: zero lies between two bars, so none is half worse.
        symmetricBins(
          compared.map((pair) => pair.difference!),
          30,
        ),
        { x: 'B − A (below zero: B is worse)', y: 'pairs' },
        { worseBelowZero: true },
      )}
    </div>
    <div>
      <h2>B against A</h2>
      ${scatterSvg(
        { title: 'Quality of B against A', summary: `${counted}; below the line, B is worse` },
        a,
        b,
        { x: 'quality of A', y: 'quality of B (below the line: worse)', ideal: rangeOf([...a, ...b]) },
        { worseBelow: true },
      )}
    </div>
  </section>`;
}

/** From the least to the greatest value, with a little room on both sides: both axes of A and B have it. */
function rangeOf(values: readonly number[]): { min: number; max: number } {
  const min = values.reduce((least, value) => Math.min(least, value), Infinity);
  const max = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const room = (max - min) * 0.05 || 0.5;
  return { min: min - room, max: max + room };
}

function worstPairs(worse: readonly ComparedPair[], pictures: readonly PairPictures[]): Html | null {
  if (worse.length === 0) return null;
  const shown = worse.slice(0, pictures.length);
  return html`<section>
    <h2>What got worse most</h2>
    <div class="pairs">
      ${shown.map(
        (pair, i) =>
          html`<article class="pair">
            <div class="name">
              <strong class="worse-text">${signed(pair.difference!)}</strong> ${pair.name}
            </div>
            <div class="pictures">
              ${picture('A', pair.a, pictures[i]!.a)}${picture('B', pair.b, pictures[i]!.b)}
            </div>
          </article>`,
      )}
    </div>
  </section>`;
}

function picture(label: string, side: ComparedSide, webp: Buffer | null): Html {
  const image =
    webp === null
      ? html`<div class="none muted small">no picture</div>`
      : html`<img alt="${label}: ${side.file}" src="data:image/webp;base64,${webp.toString('base64')}" />`;
  return html`<figure>
    ${image}
    <figcaption>${label} ${score(side)}</figcaption>
  </figure>`;
}

function worseTable(worse: readonly ComparedPair[]): Html {
  if (worse.length === 0) return html`<section><h2>Nothing got worse</h2></section>`;
  const rows = worse.slice(0, MOST_ROWS);
  return html`<section>
    <h2>Everything that got worse</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Picture</th>
          <th scope="col" class="num">Difference</th>
          <th scope="col" class="num">A (label units)</th>
          <th scope="col" class="num">B (label units)</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (pair) =>
            html`<tr>
              <td>${pair.name}</td>
              <td class="num">${signed(pair.difference!)}</td>
              <td class="num">${score(pair.a)}</td>
              <td class="num">${score(pair.b)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${
      worse.length > rows.length
        ? html`<p class="muted small">${worse.length - rows.length} more are in the JSON and the CSV.</p>`
        : null
    }
  </section>`;
}

function leftOut({ pairs, only_a, only_b }: FolderComparison): Html | null {
  const failed = pairs.filter((pair) => pair.difference === null);
  if (failed.length + only_a.length + only_b.length === 0) return null;
  const reason = ({ a, b }: ComparedPair) =>
    [
      ...(a.error === null ? [] : [`A: ${a.error.message}`]),
      ...(b.error === null ? [] : [`B: ${b.error.message}`]),
    ].join('; ');
  return html`<section>
    <h2>Not compared</h2>
    ${list(
      'could not be read',
      failed.map((pair) => `${pair.name}: ${reason(pair)}`),
    )}
    ${list('only in A', only_a)} ${list('only in B', only_b)}
  </section>`;
}

function list(what: string, names: readonly string[]): Html | null {
  if (names.length === 0) return null;
  const more = names.length - MOST_ROWS;
  return html`<details>
    <summary>${names.length} ${what}</summary>
    <ul class="name">
      ${names.slice(0, MOST_ROWS).map((name) => html`<li>${name}</li>`)}
    </ul>
    ${more > 0 ? html`<p class="muted small">${more} more are in the JSON.</p>` : null}
  </details>`;
}

function provenance({ run, a, b, studio, bootstrap, counts }: FolderComparison, finishedAt: string): Html {
  const facts: [string, string][] = [
    ['Run', `${run.run}, ${run.label}, trained on ${run.dataset}, population ${run.population.slice(0, 8)}`],
    ['Scale of its labels', `${run.scale.min} to ${run.scale.max}, ${run.scale.better} is better`],
    ...run.streams.map(({ stream, version }): [string, string] => [`Stream ${stream}`, version]),
    ['A', a],
    ['B', b],
    [
      'Pairs',
      `${counts.pairs} (${counts.failed} failed), ${counts.only_a} only in A, ${counts.only_b} only in B`,
    ],
    ['Bootstrap', `${bootstrap.resamples} resamples of pairs, seed ${bootstrap.seed}`],
    ['Made', `${finishedAt} by BIQA Studio ${studio}`],
  ];
  return html`<section>
    <h2>Where the numbers come from</h2>
    <dl class="small">
      ${facts.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </section>`;
}

function score({ prediction, prediction_std }: ComparedSide): string {
  return prediction === null ? '–' : `${prediction.toFixed(3)} ± ${(prediction_std ?? 0).toFixed(3)}`;
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(4);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}
