/** The manifest that the window's form writes: what a header fills in, and that the result is a manifest that fits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OnnxValue } from '../../src-shared/encoder-folder.ts';
import { parseEncoderManifest } from '../../src-shared/encoder-manifest.ts';
import { TONES, draftManifest, embeddingOf, manifestFrom } from '../../src-shared/manifest-draft.ts';
import { compareInterface } from '../../src-main/streams/vision/onnx-check.ts';

const value = (name: string, shape: OnnxValue['shape'], dtype = 'float32'): OnnxValue => ({
  name,
  dtype,
  shape,
});
const found = (inputs: OnnxValue[], outputs: OnnxValue[], file = 'My Net v2.onnx') => ({
  file,
  header: { opset: 17, inputs, outputs, external: [] },
});
const image = value('image', ['n', 3, 96, 96]);

describe('draftManifest', () => {
  it('takes names, type, batch, side and dimension from the header', () => {
    const draft = draftManifest(found([value('x', [4, 3, 384, 384], 'float16')], [value('y', [4, 768])]));
    expect(draft).toMatchObject({
      ...{
        id: 'my-net-v2',
        title: 'My Net v2',
        input: 'x',
        dtype: 'float16',
        batch: 4,
        side: 384,
        resize: 384,
      },
      ...{ output: 'y', dimension: 768, row: null },
    });
  });

  it('prefers a pooled output to tokens, and takes the first token where there are only tokens', () => {
    const tokens = value('tokens', ['n', 50, 768]);
    expect(draftManifest(found([image], [tokens, value('pooled', ['n', 512])]))).toMatchObject({
      output: 'pooled',
      row: null,
    });
    expect(draftManifest(found([image], [tokens]))).toMatchObject({
      output: 'tokens',
      dimension: 768,
      row: 0,
    });
  });

  it('leaves to the person what the header leaves open', () => {
    const draft = draftManifest(found([value('x', ['n', 3, 'h', null])], [value('y', null)]));
    expect(draft).toMatchObject({ batch: 'dynamic', side: 224, dimension: null, row: null });
    expect(() => parseEncoderManifest(manifestFrom(draft, 'x.onnx'), 'x')).toThrow(/"output.dimension"/);
    expect(embeddingOf(undefined)).toEqual({ dimension: null, row: null });
  });

  it('makes an id of every file name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const { id } = draftManifest(found([image], [], `${name}.onnx`));
        expect(id).toMatch(/^[a-z0-9][a-z0-9-]{1,63}$/);
      }),
    );
  });
});

describe('manifestFrom', () => {
  const model = found([image], [value('y', ['n', 16])]);
  const draft = { ...draftManifest(model), licence: ' MIT ', source: 'its paper' };

  it.each([
    ['squash', { mode: 'squash', size: 96 }],
    ['shortest-side-crop', { mode: 'shortest-side-crop', size: 128, cropSize: 96 }],
  ] as const)('with %s is a manifest that fits its model', (mode, expected) => {
    const written = manifestFrom({ ...draft, mode, resize: 128, tone: 'clip' }, model.file);
    const manifest = parseEncoderManifest(written, 'x');
    expect(compareInterface(manifest, model.header)).toEqual([]);
    expect(manifest.preprocessing).toEqual({
      ...expected,
      filter: 'bicubic',
      mean: TONES.clip.mean,
      std: TONES.clip.std,
    });
    expect(manifest.licence).toBe('MIT');
    expect(manifest.sources.map(({ source }) => source)).toEqual(['header of My Net v2.onnx', 'its paper']);
  });

  it('takes own numbers, and lets the schema name those that are missing', () => {
    const own = { ...draft, tone: 'own' as const, mean: [0.1, 0.2, 0.3], std: [1, null, 1] };
    const written = manifestFrom(own, model.file);
    expect(written.preprocessing).toMatchObject({ mean: [0.1, 0.2, 0.3], std: [1, null, 1] });
    expect(() => parseEncoderManifest(written, 'x')).toThrow(/"preprocessing.std.1"/);
    expect(() => parseEncoderManifest(manifestFrom({ ...draft, source: '' }, 'm.onnx'), 'x')).toThrow(
      /"sources.1.source"/,
    );
  });
});
