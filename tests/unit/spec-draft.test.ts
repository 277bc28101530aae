import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExperimentSpec } from '../../src-shared/experiment-spec.ts';
import { PRESETS, PROTOCOL_DEFAULTS, type ProtocolKind } from '../../src-shared/spec-defaults.ts';
import {
  defaultAt,
  formatSpec,
  needsTwoDatasets,
  parseDraft,
  parseNumbers,
  readAt,
  removeAt,
  withPreset,
  withProtocol,
  withTest,
  withTrain,
  writeAt,
  type Json,
} from '../../src-renderer/spec-draft.ts';

const word = fc.stringMatching(/^[a-z][\w .()"\\[\]{},:äß-]{0,12}[a-z0-9]$/);
const streams = fc.uniqueArray(fc.constantFrom('nss', 'siglip-base', 'clip-h', 'dinov2', 'a b'), {
  minLength: 1,
});
const seeds = fc.uniqueArray(fc.integer({ min: 0, max: 4294967295 }), { minLength: 1, maxLength: 5 });
const seed = fc.integer({ min: 0, max: 4294967295 });
const unit = fc.constantFrom('image', 'group');
const folds = fc.integer({ min: 2, max: 50 });
const positive = fc.double({ min: 1e-9, max: 10, noNaN: true, minExcluded: true });
const some = { requiredKeys: [] as [] };
const fusion = fc.record(
  {
    gate: fc.constantFrom(null, 'default', 'nss'),
    pca: fc.integer({ min: 1, max: 4096 }),
    hidden: fc.array(fc.integer({ min: 1, max: 1024 }), { minLength: 1, maxLength: 4 }),
    dropout: fc.double({ min: 0, max: 0.99, noNaN: true }),
  },
  some,
);
const training = fc.record(
  {
    epochs: fc.integer({ min: 1, max: 500 }),
    lr: positive,
    seed,
    targets: fc.constantFrom('raw', 'standardized'),
  },
  some,
);
const ensemble = fc.record({ seeds, mcDropout: fc.integer({ min: 0, max: 50 }) }, some);
const protocol = fc.oneof(
  fc.record({ kind: fc.constant('cv'), folds, seed, unit }, { requiredKeys: ['kind'] }),
  fc.record({ kind: fc.constantFrom('cross', 'official') }),
  fc.record(
    { kind: fc.constant('finetune'), folds, seed, unit, seeds, lr: positive },
    { requiredKeys: ['kind'] },
  ),
  fc.record(
    { kind: fc.constant('split'), repeats: fc.integer({ min: 1, max: 30 }), unit },
    { requiredKeys: ['kind'] },
  ),
  fc.record(
    {
      kind: fc.constant('fraction'),
      fractions: fc.uniqueArray(fc.double({ min: 0.01, max: 1, noNaN: true }), {
        minLength: 1,
        maxLength: 6,
      }),
      folds,
    },
    { requiredKeys: ['kind'] },
  ),
);
const ablation = fc.array(
  fc.record({ label: word, streams, fusion, training }, { requiredKeys: ['label'] }),
  { maxLength: 8 },
);
/** A spec that the engine accepts, with any of its optional fields left out. */
const spec: fc.Arbitrary<Json> = fc
  .record(
    {
      version: fc.constant(1),
      name: word,
      preset: fc.constantFrom('studio', 'paper'),
      streams,
      fusion,
      protocol,
      ensemble,
      ablation,
      training,
    },
    { requiredKeys: ['streams'] },
  )
  .map((fields): Json => {
    const kind = (fields.protocol?.kind ?? 'cv') as ProtocolKind;
    const { ensemble: own, ...rest } = fields;
    return {
      ...rest,
      train: 'one',
      ...(needsTwoDatasets(kind) ? { test: 'two' } : {}),
      ...(kind === 'finetune' || own === undefined ? {} : { ensemble: own }),
    };
  });

/** The paths of the form's fields. */
const PATHS = [
  'name',
  'preset',
  'streams',
  ...['gate', 'pca', 'hidden', 'dropout'].map((field) => `fusion.${field}`),
  ...Object.keys(PRESETS.paper.training).map((field) => `training.${field}`),
];
const pathsOf = (draft: Json): string[] => {
  const kind = (readAt(draft, 'protocol.kind') ?? 'cv') as ProtocolKind;
  return [...PATHS, ...Object.keys(PROTOCOL_DEFAULTS[kind]).map((field) => `protocol.${field}`)];
};

describe('form and JSON', () => {
  it('are the same spec: a spec written as text reads back as it was', () => {
    fc.assert(
      fc.property(spec, (draft) => {
        expect(parseDraft(formatSpec(draft))).toEqual(JSON.parse(JSON.stringify(draft)));
      }),
    );
  });

  it('show for every field what the engine fills in', () => {
    fc.assert(
      fc.property(spec, (draft) => {
        const complete = parseExperimentSpec(draft);
        for (const path of pathsOf(draft)) {
          const own = readAt(draft, path);
          const shown = own === undefined ? defaultAt(draft, path) : own;
          if (path !== 'name' || own !== undefined) expect(shown).toEqual(readAt(complete, path));
        }
      }),
    );
  });

  it('do not change what runs when a field is set to what it shows', () => {
    fc.assert(
      fc.property(spec, fc.nat(), (draft, n) => {
        const paths = pathsOf(draft).filter((path) => path !== 'name');
        const path = paths[n % paths.length]!;
        const own = readAt(draft, path);
        const kind = readAt(draft, 'protocol.kind') ?? 'cv';
        const withKind = path.startsWith('protocol.') ? writeAt(draft, 'protocol.kind', kind) : draft;
        const changed = writeAt(withKind, path, own === undefined ? defaultAt(draft, path) : own);
        expect(parseExperimentSpec(parseDraft(formatSpec(changed)))).toEqual(parseExperimentSpec(draft));
      }),
    );
  });

  it('go from any protocol to any other and stay valid', () => {
    const kinds = Object.keys(PROTOCOL_DEFAULTS) as ProtocolKind[];
    fc.assert(
      fc.property(spec, fc.constantFrom(...kinds), (draft, kind) => {
        const complete = parseExperimentSpec(withProtocol(draft, kind, 'two'));
        expect(complete.protocol.kind).toBe(kind);
        expect(complete.test).toBe(needsTwoDatasets(kind) ? 'two' : undefined);
        expect(complete.training).toEqual(parseExperimentSpec(draft).training);
        const old = readAt(draft, 'protocol.folds');
        if (old !== undefined && 'folds' in complete.protocol) expect(complete.protocol.folds).toBe(old);
      }),
    );
  });

  it('let the old preset’s values follow the new one and keep a person’s own', () => {
    const draft = { train: 'one', streams: ['nss'], training: { ...PRESETS.studio.training, epochs: 7 } };
    const paper = withPreset(draft, 'paper');
    expect(parseExperimentSpec(paper).training).toEqual({ ...PRESETS.paper.training, epochs: 7 });
    expect(withPreset(paper, 'studio')).toEqual({ ...draft, preset: 'studio' });
    expect(withPreset({ streams: ['nss'] }, 'paper')).toEqual({ streams: ['nss'], preset: 'paper' });
  });
});

describe('single fields', () => {
  it('are written, read and taken out, with the objects that only they needed', () => {
    expect(writeAt({}, 'a.b.c', 1)).toEqual({ a: { b: { c: 1 } } });
    expect(removeAt({ a: { b: { c: 1 } }, d: 2 }, 'a.b.c')).toEqual({ d: 2 });
    expect(removeAt({ a: { b: 1, c: 2 } }, 'a.b')).toEqual({ a: { c: 2 } });
    expect(removeAt({ a: 1 }, 'b.c')).toEqual({ a: 1 });
    fc.assert(
      fc.property(spec, fc.constantFrom(...PATHS), fc.jsonValue(), (draft, path, value) => {
        expect(readAt(writeAt(draft, path, value), path)).toEqual(value);
        expect(readAt(removeAt(writeAt(draft, path, value), path), path)).toBeUndefined();
      }),
    );
  });

  it('keep the place of the datasets, and their alias goes', () => {
    expect(Object.entries(withTrain({ version: 1, dataset: 'a', streams: [] }, 'b'))).toEqual([
      ['version', 1],
      ['train', 'b'],
      ['streams', []],
    ]);
    expect(Object.keys(withTest({ version: 1, train: 'a', streams: [] }, 'b'))).toEqual([
      'version',
      'train',
      'test',
      'streams',
    ]);
  });

  it('read lists of numbers as people type them', () => {
    expect(parseNumbers('512, 256')).toEqual([512, 256]);
    expect(parseNumbers(' 0.2;0.4  1')).toEqual([0.2, 0.4, 1]);
    expect(parseNumbers('')).toEqual([]);
    expect(parseNumbers('512, many')).toBeNull();
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })), (list) => {
        expect(parseNumbers(list.join(', '))).toEqual(list.map((value) => Number(String(value))));
      }),
    );
  });
});
