/** A manifest for a model that has none: what its header says is filled in, the rest is for the person to say. */
import type { FoundModel, OnnxValue } from './encoder-folder.ts';
import type { EncoderManifest } from './encoder-manifest.ts';

type Channels = [number, number, number];

/** Means and standard deviations in use, on values from 0 to 1: OpenAI's CLIP, torchvision's ImageNet, SigLIP. */
export const TONES = {
  clip: {
    title: 'CLIP',
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
  imagenet: { title: 'ImageNet', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  half: { title: '0.5', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const satisfies Record<string, { title: string; mean: Channels; std: Channels }>;
/** One of TONES, or the person's own numbers. */
export type Tone = keyof typeof TONES | 'own';

/** What the form holds. A number is null while its field is empty. */
export type ManifestDraft = {
  id: string;
  title: string;
  input: string;
  dtype: 'float32' | 'float16';
  batch: number | 'dynamic';
  /** Side of the input in pixels; `resize`: what the short side becomes before the middle is cut out. */
  side: number | null;
  mode: 'squash' | 'shortest-side-crop';
  resize: number | null;
  filter: 'bicubic' | 'bilinear';
  tone: Tone;
  mean: (number | null)[];
  std: (number | null)[];
  output: string;
  dimension: number | null;
  /** Which token of [batch, tokens, dimension]; null for [batch, dimension]. */
  row: number | null;
  normalised: boolean;
  licence: string;
  source: string;
};

/** Input side that is proposed where the header leaves it open. */
const COMMON_SIDE = 224;

/** The form as a model's header fills it in. */
export function draftManifest({ file, header }: Pick<FoundModel, 'file' | 'header'>): ManifestDraft {
  const name = file.replace(/\.onnx$/i, '');
  const input = header?.inputs[0];
  const outputs = header?.outputs ?? [];
  const output = outputs.find((value) => value.shape?.length === 2) ?? outputs[0];
  const side = fixed(input, 2) ?? COMMON_SIDE;
  return {
    id: idFrom(name),
    title: name,
    input: input?.name ?? '',
    dtype: input?.dtype === 'float16' ? 'float16' : 'float32',
    batch: fixed(input, 0) ?? 'dynamic',
    side,
    mode: 'squash',
    resize: side,
    filter: 'bicubic',
    tone: 'imagenet',
    mean: [...TONES.imagenet.mean],
    std: [...TONES.imagenet.std],
    output: output?.name ?? '',
    ...embeddingOf(output),
    normalised: false,
    licence: '',
    source: '',
  };
}

/** Dimension and token row of an output: its last axis; of [batch, tokens, dimension] the first token (CLS). */
export function embeddingOf(output: OnnxValue | undefined): Pick<ManifestDraft, 'dimension' | 'row'> {
  const axes = output?.shape?.length ?? 2;
  return { dimension: fixed(output, axes - 1), row: axes === 3 ? 0 : null };
}

/** The manifest that the form describes, not checked yet: an empty number is null. */
export function manifestFrom(draft: ManifestDraft, file: string): Record<keyof EncoderManifest, unknown> {
  const { id, title, mode, filter, tone, side, resize, licence, source } = draft;
  const { mean, std } = tone === 'own' ? draft : TONES[tone];
  return {
    id,
    title,
    hub: null,
    files: [{ path: file, bytes: null, sha256: null, role: 'model' }],
    input: { name: draft.input, layout: 'NCHW', dtype: draft.dtype, batch: draft.batch },
    preprocessing: {
      mode,
      ...(mode === 'squash' ? { size: side } : { size: resize, cropSize: side }),
      filter,
      mean: [...mean],
      std: [...std],
    },
    output: {
      name: draft.output,
      dimension: draft.dimension,
      row: draft.row,
      normalised: draft.normalised,
    },
    licence: licence.trim(),
    sources: [
      { fact: 'input, output and their shapes', source: `header of ${file}` },
      { fact: 'preprocessing, normalisation and licence', source: source.trim() },
    ],
  };
}

/** A file name as an id: a-z, 0-9 and "-", 2 to 64 of them. */
function idFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');
  return id.length < 2 ? 'my-encoder' : id;
}

/** The length of an axis where the header fixes it, else null. */
function fixed(value: OnnxValue | undefined, axis: number): number | null {
  const length = value?.shape?.[axis];
  return typeof length === 'number' ? length : null;
}
