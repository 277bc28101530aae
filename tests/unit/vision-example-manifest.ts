import type { EncoderManifest } from '../../src-shared/encoder-manifest.ts';

type Parts = Partial<Omit<EncoderManifest, 'input' | 'output'>> & {
  input?: Partial<EncoderManifest['input']>;
  output?: Partial<EncoderManifest['output']>;
};

/** A user's manifest as JSON would give it, with parts changed. */
export function exampleManifest({ input, output, ...rest }: Parts = {}): EncoderManifest {
  return {
    id: 'example',
    title: 'An encoder of the user',
    hub: null,
    files: [{ path: 'model.onnx', bytes: null, sha256: null, role: 'model' }],
    input: { name: 'pixel_values', layout: 'NCHW', dtype: 'float32', batch: 'dynamic', ...input },
    preprocessing: {
      mode: 'squash',
      size: 224,
      filter: 'bicubic',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
    output: { name: 'pooled', dimension: 512, row: null, normalised: false, ...output },
    licence: 'MIT',
    sources: [{ fact: 'all', source: 'a test' }],
    ...rest,
  };
}
