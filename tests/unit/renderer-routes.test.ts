import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_VIEW,
  formatRoute,
  parseRoute,
  type GridView,
  type Route,
} from '../../src-renderer/routes.ts';

const id = fc.integer({ min: 0, max: 999_999 });
const maybeId = fc.option(id);
const word = fc.stringMatching(/^[\w .äß&=?#%/-]{1,12}$/);
const view: fc.Arbitrary<GridView> = fc.record({
  sort: fc.constantFrom('position', 'name', 'mos', 'std', 'distortion', 'level', 'group', 'residual'),
  descending: fc.boolean(),
  run: maybeId,
  text: fc.oneof(fc.constant(''), word),
  mos: fc.option(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.double({ min: 50, max: 100, noNaN: true }))),
  types: fc.array(fc.stringMatching(/^[\w-]{1,6}$/), { maxLength: 4 }),
  levels: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }),
  group: fc.oneof(fc.constant(''), word),
  status: fc.option(fc.constantFrom('ok', 'missing', 'unreadable')),
  at: id,
});
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.record({ page: fc.constant('home' as const) }),
  fc.record({ page: fc.constant('add' as const), folder: fc.option(word), job: maybeId }),
  fc.record({ page: fc.constant('demo' as const), job: maybeId }),
  fc.record({ page: fc.constant('datasets' as const) }),
  fc.record({ page: fc.constant('dataset' as const), id, view }),
  fc.record({ page: fc.constant('streams' as const), dataset: maybeId, stream: fc.option(word) }),
  fc.record(
    {
      page: fc.constant('experiments' as const),
      dataset: maybeId,
      groupLevelOf: maybeId,
      test: id,
      template: word,
      preset: fc.constant('paper' as const),
    },
    { requiredKeys: ['page', 'dataset', 'groupLevelOf'] },
  ),
  fc.record({ page: fc.constant('encoders' as const), encoder: fc.option(word) }),
  fc.record({ page: fc.constant('ladder' as const), id, run: maybeId, job: maybeId }),
  fc.record({ page: fc.constant('makeLadder' as const), job: maybeId }),
  fc.record({ page: fc.constant('runs' as const) }),
  fc.record({ page: fc.constant('run' as const), id }),
  fc.record(
    {
      page: fc.constant('image' as const),
      id,
      run: maybeId,
      from: fc.option(word),
      index: maybeId,
      compare: fc.oneof(id, fc.constant('reference' as const)),
      view: fc.constantFrom('difference' as const, 'flicker' as const),
      map: word,
    },
    { requiredKeys: ['page', 'id', 'run', 'from', 'index'] },
  ),
  fc.record({
    page: fc.constant('compare' as const),
    view: fc.record({
      runs: fc.array(id, { maxLength: 4 }),
      baseline: maybeId,
      with: maybeId,
      without: maybeId,
      gated: maybeId,
      stream: fc.option(word),
      published: fc.option(word),
    }),
  }),
);

describe('routes', () => {
  it('comes back from its own hash', () => {
    fc.assert(
      fc.property(route, (r) => {
        expect(parseRoute(formatRoute(r))).toEqual(r);
      }),
    );
  });

  it('never throws on a foreign hash', () => {
    fc.assert(
      fc.property(fc.string(), (hash) => {
        expect(parseRoute(hash).page).toBeTypeOf('string');
      }),
    );
  });

  it('reads the addresses that people write down', () => {
    expect(parseRoute('')).toEqual({ page: 'home' });
    expect(parseRoute('#/run/5')).toEqual({ page: 'run', id: 5 });
    expect(parseRoute('#/datasets/3?sort=mos&desc=1&type=07,08')).toEqual({
      page: 'dataset',
      id: 3,
      view: { ...DEFAULT_VIEW, sort: 'mos', descending: true, types: ['07', '08'] },
    });
    expect(parseRoute('#/image/812?run=5')).toMatchObject({ page: 'image', id: 812, run: 5 });
  });

  it('keeps a plain view short and falls back on nonsense', () => {
    expect(formatRoute({ page: 'dataset', id: 3, view: DEFAULT_VIEW })).toBe('#/datasets/3');
    expect(parseRoute('#/datasets/3?sort=price&mos=1,x&at=-4')).toEqual({
      page: 'dataset',
      id: 3,
      view: DEFAULT_VIEW,
    });
    expect(parseRoute('#/run/five')).toEqual({ page: 'unknown', hash: '#/run/five' });
    expect(parseRoute('#/run/5/6')).toEqual({ page: 'unknown', hash: '#/run/5/6' });
  });
});
