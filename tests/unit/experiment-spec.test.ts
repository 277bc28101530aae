import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import {
  nearest,
  parseExperimentSpec,
  PRESETS,
  refuseNotAvailable,
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
    expect(accepted).toBeGreaterThan(100);
  });

  it('accepts its own default name, however many streams there are', () => {
    const streams = Array.from({ length: 32 }, (_, i) => `stream-${i}-${'y'.repeat(40)}`);
    const spec = parseExperimentSpec({ train: 't ', streams });
    expect(parseExperimentSpec(spec)).toEqual(spec);
  });
});

describe('what a later version fills in', () => {
  it.each<[object, RegExp]>([
    [{ protocol: { kind: 'cross' }, test: 'live-itw' }, /Protocol "cross" is not available yet/],
    [{ protocol: { kind: 'finetune' }, test: 'live-itw' }, /Protocol "finetune" is not available yet/],
    [{ protocol: { kind: 'split' } }, /Protocol "split" is not available yet/],
    [{ protocol: { kind: 'official' } }, /Protocol "official" is not available yet/],
    [{ protocol: { kind: 'fraction' } }, /Protocol "fraction" is not available yet/],
    [{ test: 'live-itw' }, /"test" with a second dataset is not available yet/],
  ])('%j is understood and refused by name', (change, message) => {
    const spec = parseExperimentSpec({ ...MINIMAL, ...change });
    expect(() => refuseNotAvailable(spec)).toThrow(
      expect.objectContaining({ code: 'not-available', message: expect.stringMatching(message) as string }),
    );
  });

  it('lets through what there is: cv by image and by group, several streams, test = train', () => {
    for (const change of [
      {},
      { protocol: { kind: 'cv', unit: 'group' } },
      { streams: ['nss', 'clip'] },
      { test: 'kadid-10k' },
    ]) {
      expect(() => refuseNotAvailable(parseExperimentSpec({ ...MINIMAL, ...change }))).not.toThrow();
    }
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
