/** An experiment's runs as one table: what the paper's tables 3 to 5 are made of. */
import { nameOf } from './dataset-name.ts';
import type { MetricName, Run } from './runs.ts';
import type { Cell, Column, Table } from './table.ts';

const METRICS: readonly { name: MetricName; title: string; best: 'highest' | 'lowest' }[] = [
  { name: 'srocc', title: 'SROCC', best: 'highest' },
  { name: 'plcc', title: 'PLCC', best: 'highest' },
  { name: 'krocc', title: 'KROCC', best: 'highest' },
  { name: 'rmse', title: 'RMSE', best: 'lowest' },
];
const DIGITS = 3;

/**
 * Rows are runs; columns are every metric over all predictions with its 95 % interval and as mean ± std over the folds, then
 * parameters and seconds. `style` "print" has one column for people where "data" has one per number.
 */
export function experimentTable(name: string, runs: readonly Run[], style: 'print' | 'data'): Table {
  const withFolds = runs.some((run) => run.metrics?.mean != null);
  const withMedian = runs.some((run) => run.metrics?.median != null);
  const metrics = METRICS.flatMap((metric) =>
    style === 'print' ? printed(metric, withFolds) : separate(metric, withFolds, withMedian),
  );
  return {
    caption: captionOf(name, runs, withFolds),
    columns: [
      { title: 'run' },
      ...(runs.some((run) => run.status !== 'done') ? [{ title: 'state' }] : []),
      ...metrics.map((metric) => metric.column),
      { title: 'parameters', numeric: true },
      { title: 'seconds', numeric: true, digits: 1, best: 'lowest' },
    ],
    rows: runs.map((run) => [
      run.label,
      ...(runs.some((other) => other.status !== 'done') ? [run.status] : []),
      ...metrics.map((metric) => metric.cell(run)),
      run.parameters,
      run.seconds === null ? null : run.seconds.prepare + run.seconds.train + run.seconds.predict,
    ]),
  };
}

type Metric = (typeof METRICS)[number];
type Field = { column: Column; cell: (run: Run) => Cell };

/** "0.914 [0.911, 0.917]" and "0.914 ± 0.004", each ranked by its own number. */
function printed({ name, title, best }: Metric, withFolds: boolean): Field[] {
  const column = { numeric: true, digits: DIGITS, best };
  const overall: Field = {
    column: { ...column, title: `${title} [95 %]` },
    cell: ({ metrics }) => {
      const value = metrics?.overall[name] ?? null;
      const interval = metrics?.ci95[name];
      const ends =
        interval === undefined ? '' : ` [${interval.map((end) => end.toFixed(DIGITS)).join(', ')}]`;
      return value === null ? null : { value, text: `${value.toFixed(DIGITS)}${ends}` };
    },
  };
  const folds: Field = {
    column: { ...column, title: `${title} folds` },
    cell: ({ metrics }) => {
      const median = metrics?.median?.[name] ?? null;
      if (median !== null)
        return { value: median, text: `${median.toFixed(DIGITS)} ${quartiles(metrics, name)}` };
      const mean = metrics?.mean?.[name] ?? null;
      const std = metrics?.std?.[name] ?? null;
      const spread = std === null ? '' : ` ± ${std.toFixed(DIGITS)}`;
      return mean === null ? null : { value: mean, text: `${mean.toFixed(DIGITS)}${spread}` };
    },
  };
  return withFolds ? [overall, folds] : [overall];
}

/** Random splits are summed up by the median and the quartiles of their repeats. */
function quartiles(metrics: Run['metrics'], name: MetricName): string {
  const ends = [metrics?.quartiles?.lower[name], metrics?.quartiles?.upper[name]];
  return `(median; ${ends.map((end) => end?.toFixed(DIGITS) ?? '–').join(' to ')})`;
}

function separate({ name, title, best }: Metric, withFolds: boolean, withMedian: boolean): Field[] {
  const field = (suffix: string, cell: Field['cell']): Field => ({
    column: { title: `${title}${suffix}`, numeric: true, digits: DIGITS, ...(suffix === '' ? { best } : {}) },
    cell,
  });
  return [
    field('', (run) => run.metrics?.overall[name] ?? null),
    field(' lo', (run) => run.metrics?.ci95[name]?.[0] ?? null),
    field(' hi', (run) => run.metrics?.ci95[name]?.[1] ?? null),
    ...(withFolds
      ? [
          field(' mean', (run) => run.metrics?.mean?.[name] ?? null),
          field(' std', (run) => run.metrics?.std?.[name] ?? null),
          ...(withMedian ? [field(' median', (run) => run.metrics?.median?.[name] ?? null)] : []),
        ]
      : []),
  ];
}

/** Where the numbers come from: experiment, data, protocol, folds and population, as far as the runs agree. */
function captionOf(name: string, runs: readonly Run[], withFolds: boolean): string {
  const distinct = (of: (run: Run) => string): string => [...new Set(runs.map(of))].join(' / ');
  return [
    name,
    distinct((run) => nameOf(run.dataset)),
    distinct((run) => run.protocol),
    distinct((run) => `population ${run.population.hash.slice(0, 8)} (n = ${run.population.n})`),
    ...(runs.some((run) => run.train !== null)
      ? [`trained on ${distinct((run) => run.train?.name ?? run.dataset.name)}`]
      : []),
    ...(runs.some((run) => run.folds !== null)
      ? [`folds ${distinct((run) => run.folds?.hash.slice(0, 8) ?? 'none')}`]
      : []),
    'over all predictions, with 95 % bootstrap intervals',
    ...(withFolds ? ['folds: mean ± std over folds'] : []),
  ].join(' · ');
}
