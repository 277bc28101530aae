import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import {
  membersOf,
  nearest,
  parseExperimentSpec,
  PRESETS,
  runsOf,
} from '../../src-shared/experiment-spec.ts';

const MINIMAL = { train: 'kadid-10k', streams: ['nss'] };

describe('defaults', () => {
  it('fills in the preset studio, cv over 5 folds by image', () => {
    expect(parseExperimentSpec(MINIMAL)).toEqual({
      version: 1,
      name: 'nss on kadid-10k',
      preset: 'studio',
      train: 'kadid-10k',
      streams: ['nss'],
      fusion: { gate: null, pca: 256, hidden: [512, 256], dropout: 0.3 },
      protocol: { kind: 'cv', folds: 5, seed: 42, unit: 'image' },
      ablation: [],
      training: {
        epochs: 80,
        batch: 128,
        lr: 0.0005,
        weightDecay: 0.0001,
        clip: 1,
        lambdaPlcc: 0.5,
        lambdaRank: 0.5,
        seed: 42,
        targets: 'standardized',
      },
    });
  });

  it('differs in the preset paper only by raw targets', () => {
    const paper = parseExperimentSpec({ ...MINIMAL, preset: 'paper' });
    expect(paper.training).toEqual({ ...PRESETS.studio.training, targets: 'raw' });
    expect(paper.fusion).toEqual(PRESETS.studio.fusion);
  });

  it('keeps what is given beside the preset', () => {
    const spec = parseExperimentSpec({
      ...MINIMAL,
      preset: 'paper',
      training: { epochs: 3, targets: 'standardized' },
      fusion: { hidden: [8] },
      protocol: { kind: 'cv', unit: 'group' },
    });
    expect(spec.training).toEqual({ ...PRESETS.paper.training, epochs: 3, targets: 'standardized' });
    expect(spec.fusion).toEqual({ ...PRESETS.paper.fusion, hidden: [8] });
    expect(spec.protocol).toEqual({ kind: 'cv', folds: 5, seed: 42, unit: 'group' });
  });

  it('takes "dataset" for "train"', () => {
    const { train, ...rest } = MINIMAL;
    expect(parseExperimentSpec({ ...rest, dataset: train })).toEqual(parseExperimentSpec(MINIMAL));
    expect(parseExperimentSpec({ ...MINIMAL, dataset: train })).toEqual(parseExperimentSpec(MINIMAL));
    expect(() => parseExperimentSpec({ ...MINIMAL, dataset: 'other' })).toThrow(/different datasets/);
  });
});

/** The message of the StudioError that parsing throws. */
function complaint(spec: unknown): string {
  try {
    parseExperimentSpec(spec);
  } catch (error) {
    expect(error).toBeInstanceOf(StudioError);
    expect(error).toMatchObject({ code: 'bad-input', hint: expect.any(String) as string });
    return (error as StudioError).message;
  }
  throw new Error('was accepted');
}

describe('mistakes', () => {
  it.each<[object, string]>([
    [{ stream: ['nss'] }, 'unknown field "stream" (did you mean "streams"?)'],
    [{ training: { epoch: 5 } }, 'unknown field "training.epoch" (did you mean "epochs"?)'],
    [{ training: { learningRate: 5 } }, 'unknown field "training.learningRate"'],
    [{ fusion: { dropOut: 0.1 } }, 'unknown field "fusion.dropOut" (did you mean "dropout"?)'],
    [{ protocol: { kind: 'cv', fold: 5 } }, 'unknown field "protocol.fold" (did you mean "folds"?)'],
    [
      { ablation: [{ label: 'a', straems: ['x'] }] },
      'unknown field "ablation.0.straems" (did you mean "streams"?)',
    ],
    [
      { ablation: [{ label: 'a', fusion: { gates: null } }] },
      '"ablation.0.fusion.gates" (did you mean "gate"?)',
    ],
    [{ training: { epochs: 0 } }, '"training.epochs"'],
    [{ training: { epochs: 2.5 } }, '"training.epochs"'],
    [{ training: { lr: '0.1' } }, '"training.lr"'],
    [{ fusion: { dropout: 1 } }, '"fusion.dropout"'],
    [{ fusion: { hidden: [] } }, '"fusion.hidden"'],
    [{ fusion: { hidden: [1e12] } }, '"fusion.hidden.0"'],
    [{ protocol: { kind: 'loo' } }, '"protocol.kind"'],
    [{ protocol: { kind: 'cv', folds: 1 } }, '"protocol.folds"'],
    [{ streams: [] }, '"streams"'],
    [{ streams: ['nss', 'nss'] }, '"streams": each stream only once'],
    [{ version: 2 }, '"version"'],
    [{ preset: 'fast' }, '"preset"'],
    [{ ['__proto__x']: 1 }, 'unknown field "__proto__x"'],
  ])('%j names the field', (change, message) => {
    expect(complaint({ ...MINIMAL, ...change })).toContain(message);
  });

  it('names every mistake at once', () => {
    const message = complaint({ streams: 'nss', foo: 1 });
    for (const word of ['"train"', '"streams"', '"foo"']) expect(message).toContain(word);
  });

  it.each([null, 7, 'text', [], [MINIMAL], undefined, true])('%j is no spec', (json) => {
    expect(complaint(json)).toContain('Experiment spec');
  });

  it('whatever comes, throws StudioError or completes it; a complete spec stays as it is', () => {
    const word = fc.oneof(fc.constantFrom('nss', ' nss ', 'x'.repeat(200), 'clip'), fc.string());
    const field = fc.oneof(
      fc.constantFrom(
        'train',
        'dataset',
        'test',
        'streams',
        'fusion',
        'protocol',
        'ablation',
        'training',
        'name',
        'preset',
      ),
      fc.constantFrom('__proto__', 'constructor', 'toString', 'version'),
      fc.string(),
    );
    const anything = fc.dictionary(field, fc.jsonValue({ maxDepth: 3 }));
    const mostly = (good: fc.Arbitrary<unknown>) =>
      fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: anything });
    const training = fc.record(
      { epochs: fc.integer({ min: 1, max: 99 }), seed: fc.nat() },
      { requiredKeys: [] },
    );
    const fusion = fc.record({ gate: fc.option(word), dropout: fc.double({ min: 0, max: 1 }) });
    const protocol = fc.record({ kind: fc.constantFrom('cv', 'cross', 'finetune', 'split', 'fraction') });
    const entry = fc.record({ label: word, streams: fc.array(word), training }, { requiredKeys: ['label'] });
    const nearly = fc.record(
      {
        train: word,
        streams: fc.uniqueArray(word, { maxLength: 5 }),
        name: word,
        test: word,
        fusion: mostly(fusion),
        training: mostly(training),
        protocol: mostly(protocol),
        ablation: fc.array(mostly(entry), { maxLength: 2 }),
      },
      { requiredKeys: ['train', 'streams'] },
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(nearly, anything, fc.jsonValue()), (json) => {
        let spec;
        try {
          spec = parseExperimentSpec(json);
        } catch (error) {
          expect(error).toBeInstanceOf(StudioError);
          return;
        }
        accepted++;
        expect(parseExperimentSpec(JSON.parse(JSON.stringify(spec)))).toEqual(
          JSON.parse(JSON.stringify(spec)),
        );
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(30);
  });

  it('accepts its own default name, however many streams there are', () => {
    const streams = Array.from({ length: 32 }, (_, i) => `stream-${i}-${'y'.repeat(40)}`);
    const spec = parseExperimentSpec({ train: 't ', streams });
    expect(parseExperimentSpec(spec)).toEqual(spec);
  });
});

describe('protocols', () => {
  it('are completed with the numbers of the paper', () => {
    const protocol = (change: object) => parseExperimentSpec({ ...MINIMAL, ...change }).protocol;
    expect(protocol({ protocol: { kind: 'finetune' }, test: 'live-itw' })).toEqual({
      kind: 'finetune',
      folds: 5,
      seed: 42,
      unit: 'image',
      seeds: [42, 123, 456],
      mcDropout: 10,
      epochs: 40,
      lr: 5e-5,
      batch: 32,
    });
    expect(protocol({ protocol: { kind: 'split' } })).toEqual({ kind: 'split', repeats: 10, unit: 'image' });
    expect(protocol({ protocol: { kind: 'fraction' } })).toEqual({
      kind: 'fraction',
      fractions: [0.2, 0.4, 0.6, 1],
      folds: 5,
      seed: 42,
      unit: 'image',
    });
    expect(protocol({ protocol: { kind: 'cv' }, test: MINIMAL.train })).toMatchObject({ kind: 'cv' });
  });

  it.each<[object, RegExp]>([
    [{ protocol: { kind: 'cross' } }, /"cross" needs a second dataset as "test"/],
    [{ protocol: { kind: 'finetune' }, test: MINIMAL.train }, /"finetune" needs a second dataset/],
    [{ test: 'live-itw' }, /"test" with a second dataset does not go with protocol "cv"/],
    [{ protocol: { kind: 'split' }, test: 'live-itw' }, /does not go with protocol "split"/],
    [
      { protocol: { kind: 'finetune' }, test: 'live-itw', ensemble: { seeds: [1] } },
      /"ensemble" does not go with protocol "finetune"/,
    ],
    [{ protocol: { kind: 'fraction', fractions: [0.5, 0.5] } }, /each fraction only once/],
    [{ ensemble: { seeds: [1, 1] } }, /each seed only once/],
    [{ ensemble: { seed: [1] } }, /unknown field "ensemble.seed" \(did you mean "seeds"\?\)/],
    [{ protocol: { kind: 'split', repeat: 3 } }, /did you mean "repeats"/],
  ])('%j is refused by name', (change, message) => {
    expect(complaint({ ...MINIMAL, ...change })).toMatch(message);
  });

  it('of fractions are one run each, smallest first, for every entry of an ablation', () => {
    const protocol = { kind: 'fraction', fractions: [1, 0.4] };
    const alone = runsOf(parseExperimentSpec({ ...MINIMAL, protocol }));
    expect(alone.map((r) => r.label)).toEqual(['40 % of the training side', '100 % of the training side']);
    expect(alone.map((r) => r.spec.protocol)).toMatchObject([{ fractions: [0.4] }, { fractions: [1] }]);
    const ablation = [{ label: 'a' }, { label: 'b', fusion: { dropout: 0 } }];
    expect(runsOf(parseExperimentSpec({ ...MINIMAL, protocol, ablation })).map((r) => r.label)).toEqual([
      'a, 40 % of the training side',
      'b, 40 % of the training side',
      'a, 100 % of the training side',
      'b, 100 % of the training side',
    ]);
    for (const { spec } of alone)
      expect(runsOf(spec)).toEqual([{ label: expect.any(String) as string, spec }]);
  });

  it('have one member unless the spec says more; entries of an ablation may say otherwise', () => {
    const ensemble = { seeds: [1, 2], mcDropout: 3 };
    const ablation = [
      { label: 'all' },
      { label: 'one', ensemble: null },
      { label: 'mc', ensemble: { mcDropout: 5 } },
    ];
    const runs = runsOf(parseExperimentSpec({ ...MINIMAL, ensemble, ablation }));
    expect(runs.map((run) => membersOf(run.spec))).toEqual([
      ensemble,
      { seeds: [42], mcDropout: 0 },
      { seeds: [42], mcDropout: 5 },
    ]);
    const finetune = { ...MINIMAL, test: 'b', protocol: { kind: 'finetune' } };
    expect(membersOf(parseExperimentSpec(finetune))).toEqual({ seeds: [42, 123, 456], mcDropout: 10 });
  });
});

describe('ablation', () => {
  const spec = parseExperimentSpec({
    train: 'd',
    streams: ['nss', 'clip'],
    fusion: { hidden: [32], dropout: 0.1 },
    training: { epochs: 7 },
    ablation: [
      { label: 'NSS only', streams: ['nss'] },
      { label: 'no dropout', fusion: { dropout: 0 } },
      { label: 'long', training: { epochs: 9, seed: 1 } },
    ],
  });

  it('lays each entry over the base and changes nothing else', () => {
    const runs = runsOf(spec);
    expect(runs.map((r) => r.label)).toEqual(['NSS only', 'no dropout', 'long']);
    expect(runs[0]!.spec).toEqual({ ...spec, ablation: [], streams: ['nss'] });
    expect(runs[1]!.spec).toEqual({ ...spec, ablation: [], fusion: { ...spec.fusion, dropout: 0 } });
    expect(runs[2]!.spec).toEqual({
      ...spec,
      ablation: [],
      training: { ...spec.training, epochs: 9, seed: 1 },
    });
  });

  it('without entries is the base alone', () => {
    const base = parseExperimentSpec(MINIMAL);
    expect(runsOf(base)).toEqual([{ label: base.name, spec: base }]);
  });
});

describe('nearest', () => {
  it('finds slips of the finger and nothing far away', () => {
    expect(nearest('epoch', ['epochs', 'batch'])).toBe('epochs');
    expect(nearest('BATCH', ['epochs', 'batch'])).toBe('batch');
    expect(nearest('temperature', ['epochs', 'batch', 'lr'])).toBeNull();
    expect(nearest('x', [])).toBeNull();
  });
});
