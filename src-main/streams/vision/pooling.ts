/** From a model's output to the one embedding of a picture (spec fusion.md, "Features"; paper equation 3). */
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import { StudioError } from '../../../src-shared/errors.ts';

/** A model's output as float32: float16 arrives as its bits (see preprocess.ts, InputValues). */
export function toFloat32(values: Float32Array | Uint16Array): Float32Array {
  if (values instanceof Float32Array) return values;
  return Float32Array.from(new Float16Array(values.buffer, values.byteOffset, values.length));
}

/**
 * The embeddings of a batch, views of the model's output: [batch, dimension], or token `row` of [batch, tokens,
 * dimension]. Throws 'bad-input' that says both shapes where the output has another one than the manifest's.
 */
export function outputEmbeddings(
  values: Float32Array,
  shape: readonly number[],
  { id, output }: EncoderManifest,
): Float32Array[] {
  const { dimension, row } = output;
  const tokens = row === null ? 1 : (shape[1] ?? 0);
  const fits =
    shape.length === (row === null ? 2 : 3) &&
    shape.at(-1) === dimension &&
    (row ?? 0) < tokens &&
    values.length === shape.reduce((a, b) => a * b, 1);
  if (!fits) {
    const wanted = row === null ? `[batch, ${dimension}]` : `[batch, over ${row}, ${dimension}]`;
    throw new StudioError(
      'bad-input',
      `Output "${output.name}" of encoder "${id}": manifest ${wanted}, model [${shape.join(', ')}]`,
      { hint: 'Correct "output" in the manifest.' },
    );
  }
  return Array.from({ length: shape[0]! }, (_, image) => {
    const start = (image * tokens + (row ?? 0)) * dimension;
    return values.subarray(start, start + dimension);
  });
}

/**
 * The mean of the crops' embeddings, each divided by its L2 norm; not normalised again. Throws 'unsupported-image'
 * where a norm is zero or not finite: such a picture has no embedding by this encoder. At least one crop.
 */
export function poolCrops(embeddings: readonly Float32Array[]): Float32Array {
  const dimension = embeddings[0]!.length;
  const sum = new Float64Array(dimension);
  embeddings.forEach((embedding, crop) => {
    const norm = Math.sqrt(embedding.reduce((squares, value) => squares + value * value, 0));
    if (!(norm > 0 && norm < Infinity)) {
      throw new StudioError(
        'unsupported-image',
        `The embedding of crop ${crop + 1} of ${embeddings.length} has ${norm === 0 ? 'norm zero' : 'values that are not finite'}`,
        { hint: 'The encoder can not describe this picture; leave it out, or leave the stream out.' },
      );
    }
    for (let i = 0; i < dimension; i++) sum[i]! += embedding[i]! / norm;
  });
  return Float32Array.from(sum, (value) => value / embeddings.length);
}
