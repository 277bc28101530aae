/** A published table, and our runs beside it where dataset, metric and protocol are the same. Pure. */
import type { ComparableRun } from '../src-shared/analysis.ts';
import type { DatasetSummary } from '../src-shared/dataset.ts';
import type {
  PublishedColumn,
  PublishedPaper,
  PublishedTable,
  PublishedValue,
} from '../src-shared/published.ts';
import type { Cell, Table } from './table-export.ts';

type Datasets = readonly Pick<DatasetSummary, 'id' | 'name' | 'format'>[];
/** One of our runs with its figure in each column of a published table, null where it is not of the kind. */
export type OwnRow = { run: ComparableRun; values: (number | null)[] };

/** The runs that have a figure in at least one column. */
export function ownRows(table: PublishedTable, runs: readonly ComparableRun[], datasets: Datasets): OwnRow[] {
  return runs
    .map((run) => ({ run, values: table.columns.map((column) => ownValue(column, run, datasets)) }))
    .filter((row) => row.values.some((value) => value !== null));
}

function ownValue(column: PublishedColumn, run: ComparableRun, datasets: Datasets): number | null {
  const { metric, kind } = column;
  if (kind === null || run.protocolKind !== kind) return null;
  if (metric !== 'srocc' && metric !== 'plcc' && metric !== 'krocc') return null;
  if (datasets.find((d) => d.id === run.dataset.id)?.format !== column.dataset) return null;
  const trainedOn = datasets.find((d) => d.name === run.trainedOn)?.format;
  if (column.train !== undefined && column.train !== trainedOn) return null;
  // Papers report the mean over folds in some tables, the median over splits in others: the same of ours goes beside it.
  const { metrics } = run;
  const same = /\bmedian\b/.test(column.protocol)
    ? metrics?.median
    : /\bmean\b/.test(column.protocol)
      ? metrics?.mean
      : metrics?.overall;
  return same?.[metric] ?? null;
}

/** The head of a column: dataset and metric. */
export function columnTitle({ dataset, metric }: PublishedColumn): string {
  const name = METRICS[metric] ?? metric;
  return dataset === null ? name : `${dataset} ${name}`;
}

const METRICS: Partial<Record<PublishedColumn['metric'], string>> = {
  srocc: 'SROCC',
  plcc: 'PLCC',
  krocc: 'KROCC',
  'delta-srocc': 'delta SROCC',
  'gate-delta-rho': 'rho of gate and delta',
  'gate-delta-p': 'p',
  'parameters-millions': 'parameters (millions)',
  'training-hours': 'training (hours)',
  'milliseconds-per-image': 'ms per image',
};

/** A figure as printed. */
export function publishedCell(value: PublishedValue): Cell {
  if (value === null || typeof value === 'number') return value;
  if (Array.isArray(value))
    return { value: value[0], text: `${value[0].toFixed(3)} ± ${value[1].toFixed(3)}` };
  return { value: value.about, text: `~${value.about}` };
}

/** Both kinds of rows as one table that says in each row which it is. */
export function publishedTable(paper: PublishedPaper, table: PublishedTable, own: readonly OwnRow[]): Table {
  const digits = table.columns.every((column) => /srocc|plcc|krocc|rho|-p$/.test(column.metric))
    ? 3
    : undefined;
  return {
    caption: `${paper.short}, ${table.id}: ${table.title} · ${paper.title} · ${[...new Set(table.columns.map((c) => c.protocol))].join('; ')}`,
    columns: [
      { title: 'method' },
      { title: 'source' },
      ...table.columns.map((column) => ({
        title: columnTitle(column),
        numeric: true,
        ...(digits === undefined ? {} : { digits }),
      })),
    ],
    rows: [
      ...table.rows.map((row) => [
        row.method,
        `published${row.citation === undefined ? '' : ` ${row.citation}`}`,
        ...row.values.map(publishedCell),
      ]),
      ...own.map(({ run, values }) => [run.label, `measured here, run ${run.run}`, ...values]),
    ],
  };
}
