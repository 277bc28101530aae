/** Scores and gates against the level of distortion ladders. */
import type { ChartConfiguration, ChartDataset } from 'chart.js';
import type { LadderCheck, LadderType, Monotonicity } from '../../src-shared/ladders.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Palette } from './palette.ts';

type Line = { label: string; points: { x: number; y: number }[] };

/** One line per type: mean score against the level, from the pristine pictures (level 0) where there are any. */
export function ladderScoreChart(
  check: LadderCheck,
  types: readonly LadderType[],
  palette: Palette,
): ChartConfiguration {
  const start = check.pristine === null ? [] : [check.pristine];
  const lines = types.map((type) => ({
    label: type.name,
    points: [...start, ...type.levels].map(({ level, mean }) => ({ x: level, y: mean })),
  }));
  // The same range in all panels, so that they can be compared.
  const means = [...start, ...check.types.flatMap(({ levels }) => levels)].map(({ mean }) => mean);
  const range = { min: Math.min(...means), max: Math.max(...means) };
  return lineChart(lines, 'mean score', range, palette);
}

/** One line per group of types: the mean gate of a stream against the level. 1 is where a gate begins. */
export function ladderGateChart(check: LadderCheck, stream: string, palette: Palette): ChartConfiguration {
  const lines = gateLines(check, stream);
  const gates = lines.flatMap(({ points }) => points.map(({ y }) => y));
  return lineChart(lines, `gate of ${stream}`, { min: Math.min(...gates), max: Math.max(...gates) }, palette);
}

function gateLines(check: LadderCheck, stream: string): Line[] {
  return [...Map.groupBy(check.types, ({ group }) => group)].map(([group, types]) => {
    const byLevel = Map.groupBy(
      types.flatMap(({ levels }) => levels),
      ({ level }) => level,
    );
    const points = [...byLevel].map(([level, of]) => {
      const sum = of.reduce((total, { gates, n }) => total + gates[stream]! * n, 0);
      return { x: level, y: sum / of.reduce((total, { n }) => total + n, 0) };
    });
    return { label: group, points: points.sort((a, b) => a.x - b.x) };
  });
}

function lineChart(
  lines: readonly Line[],
  title: string,
  range: { min: number; max: number },
  palette: Palette,
): ChartConfiguration {
  const base = baseOptions(palette, true);
  const margin = 0.05 * (range.max - range.min || 1);
  return {
    type: 'line',
    data: {
      datasets: lines.map(({ label, points }, i): ChartDataset<'line'> => ({
        label,
        data: points,
        borderColor: palette.series[i % palette.series.length]!,
        backgroundColor: palette.series[i % palette.series.length]!,
        borderWidth: 1.5,
        pointRadius: 2.5,
      })),
    },
    options: {
      ...base,
      parsing: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: axis(palette, 'level', {
          type: 'linear',
          ticks: { color: palette.muted, stepSize: 1, precision: 0, padding: 4 },
        }),
        y: axis(palette, title, {
          type: 'linear',
          suggestedMin: range.min - margin,
          suggestedMax: range.max + margin,
        }),
      },
    },
  } as ChartConfiguration;
}

/** One row per type and level. */
export function ladderLevelsTable(
  check: LadderCheck,
  types: readonly LadderType[],
  provenance: string,
): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'type' },
      { title: 'distortion' },
      { title: 'level', numeric: true },
      { title: 'n', numeric: true },
      { title: 'mean score', numeric: true, digits: 3 },
      { title: 'std', numeric: true, digits: 3 },
      ...check.streams.map((stream) => ({ title: `gate ${stream}`, numeric: true, digits: 3 })),
    ],
    rows: types.flatMap(({ type, name, levels }) =>
      levels.map(({ level, n, mean, std, gates }) => [
        type,
        name,
        level,
        n,
        mean,
        std,
        ...check.streams.map((stream) => gates[stream] ?? null),
      ]),
    ),
  };
}

/** One row per group and level. */
export function ladderGateTable(check: LadderCheck, stream: string, provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'group' },
      { title: 'level', numeric: true },
      { title: `mean gate ${stream}`, numeric: true, digits: 3 },
    ],
    rows: gateLines(check, stream).flatMap(({ label, points }) => points.map(({ x, y }) => [label, x, y])),
  };
}

/** One row per type, the least monotone first, and one for all that worsen with the level. */
export function monotonicityTable(check: LadderCheck, provenance: string): Table {
  const cells = ({ ladders, pairs, rightShare, srocc, krocc }: Monotonicity) => [
    ladders,
    pairs,
    rightShare === null ? null : 100 * rightShare,
    srocc,
    krocc,
  ];
  const ordered = check.types
    .filter(({ worsens }) => worsens)
    .toSorted((a, b) => (a.srocc ?? 0) - (b.srocc ?? 0));
  return {
    caption: provenance,
    columns: [
      { title: 'type' },
      { title: 'distortion' },
      { title: 'group' },
      { title: 'ladders', numeric: true },
      { title: 'steps', numeric: true },
      { title: 'right steps, %', numeric: true, digits: 1 },
      { title: 'mean SROCC', numeric: true, digits: 3 },
      { title: 'mean KROCC', numeric: true, digits: 3 },
    ],
    rows: [
      ...ordered.map((type) => [type.type, type.name, type.group, ...cells(type)]),
      ['', 'all', '', ...cells(check.overall)],
    ],
  };
}

/** One row per ladder that goes wrong, with its scores from the lowest level on. */
export function worstLaddersTable(check: LadderCheck, provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'reference' },
      { title: 'distortion' },
      { title: 'right steps, %', numeric: true, digits: 0 },
      { title: 'SROCC', numeric: true, digits: 2 },
      { title: 'levels' },
      { title: 'scores' },
    ],
    rows: check.worst.map(({ reference, name, rightShare, srocc, levels, scores }) => [
      reference,
      name,
      100 * rightShare,
      srocc,
      levels.join(' '),
      scores.map((score) => score.toFixed(3)).join(' '),
    ]),
  };
}
