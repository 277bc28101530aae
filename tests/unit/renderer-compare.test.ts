import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mix, readableOn } from '../../src-renderer/charts/colour.ts';
import { sortByDelta } from '../../src-renderer/charts/delta.ts';
import { groupByCategory } from '../../src-renderer/charts/gate-categories.ts';
import { gateColour, heatmapTable, reachOf } from '../../src-renderer/charts/heatmap.ts';
import { PALETTES } from '../../src-renderer/charts/palette.ts';
import { completeSelection, deltaName } from '../../src-renderer/compare-selection.ts';
import { correlationText } from '../../src-renderer/format.ts';
import { ownRows, publishedTable } from '../../src-renderer/published-rows.ts';
import { DEFAULT_COMPARE } from '../../src-renderer/routes.ts';
import { loadPublished } from '../../src-main/api/published.ts';
import type { ComparableRun } from '../../src-shared/analysis.ts';
import { formatTable } from '../../src-shared/table.ts';
import { makeRun } from '../fixtures/mock-runs.ts';

function run(id: number, streams: string[], change: Partial<ComparableRun> = {}): ComparableRun {
  return {
    ...makeRun(id, 'group', 'done'),
    label: `run ${id}`,
    streams: streams.map((stream) => ({ stream, version: '1', source: 'computed here' })),
    distortions: 0,
    gate: null,
    trainedOn: 'biqa-demo',
    protocolKind: 'cv',
    ...change,
  };
}
const view = (runs: number[], change = {}) => ({ ...DEFAULT_COMPARE, runs, ...change });

describe('what Compare shows by itself', () => {
  const all = [
    run(1, ['siglip', 'clip']),
    run(2, ['nss', 'siglip', 'clip'], { gate: 'siglip' }),
    run(3, ['nss', 'siglip', 'clip']),
    run(4, ['nss']),
  ];

  it('is the static pair that differs by NSS, the first run as baseline and the gated run', () => {
    const selection = completeSelection(view([1, 2, 3, 4]), all);
    expect(selection.baseline!.run).toBe(1);
    expect([selection.pair!.with.run, selection.pair!.without.run]).toEqual([3, 1]);
    expect(selection.gated!.run).toBe(2);
    expect(selection.stream).toBe('nss');
    expect(deltaName(selection)).toBe('NSS delta');
  });

  it('is what the address says where it says something, as far as it exists', () => {
    const selection = completeSelection(
      view([4, 2, 99], { baseline: 2, with: 4, without: 2, stream: 'clip' }),
      all,
    );
    expect(selection.runs.map((r) => r.run)).toEqual([4, 2]);
    expect(selection.baseline!.run).toBe(2);
    expect(selection.pair!.with.run).toBe(4);
    expect(selection.added).toBeNull();
    expect(deltaName(selection)).toBe('run 4 minus run 2');
    expect(selection.stream).toBe('clip');
    expect(completeSelection(view([4, 2], { baseline: 99, stream: 'gone' }), all)).toMatchObject({
      baseline: { run: 4 },
      stream: 'nss',
    });
  });

  it('is nothing without runs, and no pair with one', () => {
    expect(completeSelection(view([]), all)).toMatchObject({
      baseline: null,
      pair: null,
      gated: null,
      stream: null,
    });
    expect(completeSelection(view([1]), all)).toMatchObject({ baseline: { run: 1 }, pair: null });
  });
});

describe('published figures beside ours', () => {
  const fusion = loadPublished().find((paper) => paper.id === 'distortion-aware-fusion')!;
  const table = (id: string) => fusion.tables.find((t) => t.id === id)!;
  const datasets = [
    { id: 1, name: 'biqa-demo', format: 'koniq-10k' as const },
    { id: 2, name: 'wild', format: 'live-itw' as const },
  ];
  const onWild = { dataset: { ...makeRun(1, 'group', 'done').dataset, id: 2, name: 'wild' } };

  it('are put only into columns of the same dataset, protocol and training data', () => {
    const cv = run(1, ['nss']);
    const cross = run(2, ['nss'], { ...onWild, protocolKind: 'cross' });
    const fromElsewhere = run(3, ['nss'], { ...onWild, protocolKind: 'cross', trainedOn: 'wild' });
    const imported = run(4, [], { protocolKind: null, trainedOn: null });
    const runs = [cv, cross, fromElsewhere, imported];
    expect(ownRows(table('table-3'), runs, datasets).map((row) => [row.run.run, row.values])).toEqual([
      [1, [cv.metrics!.overall.srocc, cv.metrics!.overall.plcc, cv.metrics!.overall.krocc]],
    ]);
    expect(ownRows(table('table-5'), runs, datasets).map((row) => [row.run.run, row.values])).toEqual([
      [2, [cross.metrics!.overall.srocc, cross.metrics!.overall.plcc, null, null, null, null]],
    ]);
    expect(ownRows(table('table-4'), runs, datasets)).toEqual([]);
    expect(ownRows(table('table-6'), runs, datasets)).toEqual([]);
  });

  it('leave the window with their source in every row', () => {
    const own = ownRows(table('table-3'), [run(1, ['nss'])], datasets);
    const lines = formatTable(publishedTable(fusion, table('table-3'), own), 'csv')
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[1]).toBe('NSS only,published,0.568,0.587,0.402');
    expect(lines.at(-1)).toMatch(/^run 1,"measured here, run 1",0\.874/);
    const markdown = formatTable(publishedTable(fusion, table('table-6'), []), 'markdown');
    expect(markdown).toContain('| MANIQa | published [15] | 135.7 | ~24 | ~540 |');
  });
});

describe('gates as colours', () => {
  const gate = fc.double({ min: 0, max: 2, noNaN: true });

  it('can be read: the text on any cell has a contrast of at least 4.5', () => {
    for (const palette of [PALETTES.light, PALETTES.dark])
      fc.assert(
        fc.property(gate, fc.double({ min: 0.05, max: 1, noNaN: true }), (value, reach) => {
          const colour = gateColour(value, reach, palette);
          expect(colour).toMatch(/^#[\da-f]{6}$/);
          expect(contrast(colour, readableOn(colour))).toBeGreaterThanOrEqual(4.5);
        }),
      );
  });

  it('are neutral at 1, and reach their ends at the gate that is furthest from it', () => {
    const { neutral, below, above } = PALETTES.light;
    const reach = reachOf([0.8, 1.3, null]);
    expect(reach).toBeCloseTo(0.3, 12);
    expect(gateColour(1, reach, PALETTES.light)).toBe(neutral);
    expect(gateColour(1.3, 0.3, PALETTES.light)).toBe(above);
    expect(gateColour(0, reach, PALETTES.light)).toBe(below);
    expect(reachOf([])).toBe(0.05);
    expect(mix('#000000', '#ffffff', 0.5)).toBe('#808080');
  });
});

describe('orders and texts', () => {
  it('sort deltas ascending with undefined ones last, and keep categories together', () => {
    const row = (type: string, delta: number | null, category: string | null) => ({
      type,
      name: type,
      category,
      n: 1,
      with: 0,
      without: 0,
      delta,
    });
    const rows = [row('a', null, 'blur'), row('b', 0.2, 'noise'), row('c', -0.1, 'blur'), row('d', 0, null)];
    expect(sortByDelta(rows).map((r) => r.type)).toEqual(['c', 'd', 'b', 'a']);
    expect(groupByCategory(rows.map((r) => ({ ...r, mean: [1] }))).map((r) => r.type)).toEqual([
      'a',
      'c',
      'b',
      'd',
    ]);
  });

  it('say correlations with their chance', () => {
    expect(correlationText({ rho: 0.33, p: 0.107, n: 25 })).toBe('ρ = 0.330, p = 0.107 (25 types)');
    expect(correlationText({ rho: -0.9, p: 1e-9, n: 40 }, 'images')).toBe(
      'ρ = −0.900, p < 0.001 (40 images)',
    );
    expect(correlationText({ rho: 1, p: null, n: 2 })).toBe('ρ = 1.000 (2 types)');
    expect(correlationText(null)).toBe('ρ is not defined here');
  });

  it('write a heatmap as the table that it is', () => {
    const map = {
      rows: ['a', 'b'],
      columns: ['x', 'y'],
      values: [
        [1, null],
        [0.5, 2],
      ],
      digits: 2,
    };
    expect(heatmapTable(map, 'type', 'run 1').rows).toEqual([
      ['a', 1, null],
      ['b', 0.5, 2],
    ]);
  });
});

/** WCAG 2 contrast ratio of two colours, computed from its definition. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [r, g, blue] = [1, 3, 5]
      .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4)));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * blue!;
  };
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}
