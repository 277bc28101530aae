/** Compares a model file with its manifest: what the file says counts, and a mismatch names both sides. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { shapeText } from '../../../src-shared/encoder-folder.ts';
import type { OnnxDimension, OnnxValue } from '../../../src-shared/encoder-folder.ts';
import { tensorSide } from '../../../src-shared/encoder-manifest.ts';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import { StudioError } from '../../../src-shared/errors.ts';
import { readOnnxHeader } from './onnx-header.ts';
import type { OnnxHeader } from './onnx-header.ts';

/** What a runner needs of a checked model. */
export type CheckedModel = {
  header: OnnxHeader;
  /** Images per run, from the file. */
  batch: number | 'dynamic';
  outputDtype: 'float32' | 'float16';
  /** Absolute paths of the external data, all there. */
  externalFiles: string[];
};

/**
 * Reads the model and compares it with the manifest. Throws one StudioError 'bad-input' that lists every mismatch with
 * both sides (names, dtypes, shapes, batch, dimension, external data missing or short), and what readOnnxHeader throws.
 */
export async function checkModel(manifest: EncoderManifest, modelPath: string): Promise<CheckedModel> {
  const header = await readOnnxHeader(modelPath);
  const mismatches = [
    ...compareInterface(manifest, header),
    ...(await missingExternalData(header, path.dirname(modelPath))),
  ];
  if (mismatches.length > 0) {
    throw new StudioError(
      'bad-input',
      `Encoder "${manifest.id}" and ${path.basename(modelPath)} do not fit: ${mismatches.join('; ')}`,
      { file: modelPath, hint: 'Correct the manifest, or take the model file that it describes.' },
    );
  }
  const input = header.inputs.find((value) => value.name === manifest.input.name);
  const output = header.outputs.find((value) => value.name === manifest.output.name);
  return {
    header,
    batch: batchOf(input),
    outputDtype: output?.dtype === 'float16' ? 'float16' : 'float32',
    externalFiles: header.external.map(({ location }) => path.join(path.dirname(modelPath), location)),
  };
}

/** Every mismatch between a manifest and a model's interface, each naming both sides; none: they fit. */
export function compareInterface(
  manifest: EncoderManifest,
  header: Pick<OnnxHeader, 'inputs' | 'outputs'>,
): string[] {
  return [...compareInput(manifest, header.inputs), ...compareOutput(manifest, header.outputs)];
}

function compareInput(manifest: EncoderManifest, inputs: readonly OnnxValue[]): string[] {
  const { name, dtype, batch } = manifest.input;
  const input = inputs.find((value) => value.name === name);
  if (input === undefined || inputs.length > 1) return [both('input', `"${name}"`, names(inputs))];
  const found: string[] = [];
  if (input.dtype !== dtype) found.push(both('input dtype', dtype, input.dtype));
  const side = tensorSide(manifest.preprocessing);
  if (!fits(input.shape, [null, 3, side, side])) {
    found.push(both('input shape', `[batch, 3, ${side}, ${side}]`, shapeText(input.shape)));
  } else if (batch !== null && batchOf(input) !== batch) {
    found.push(both('batch', `${batch}`, `${batchOf(input)}`));
  }
  return found;
}

function compareOutput(manifest: EncoderManifest, outputs: readonly OnnxValue[]): string[] {
  const { name, dimension, row } = manifest.output;
  const output = outputs.find((value) => value.name === name);
  if (output === undefined) return [both('output', `"${name}"`, names(outputs))];
  const found: string[] = [];
  if (output.dtype !== 'float32' && output.dtype !== 'float16') {
    found.push(both('output dtype', 'float32 or float16', output.dtype));
  }
  const wanted = row === null ? [null, dimension] : [null, null, dimension];
  if (!fits(output.shape, wanted)) {
    const text = row === null ? `[batch, ${dimension}]` : `[batch, tokens, ${dimension}]`;
    found.push(both('output shape', text, shapeText(output.shape)));
  }
  const tokens = row === null ? null : output.shape?.[1];
  if (row !== null && typeof tokens === 'number' && row >= tokens) {
    found.push(both('output row', `${row}`, `${tokens} tokens`));
  }
  return found;
}

/** Whether a shape can be the wanted one: as many axes, and no fixed length that differs. Null is open. */
function fits(shape: readonly OnnxDimension[] | null, wanted: readonly (number | null)[]): boolean {
  if (shape === null) return true;
  if (shape.length !== wanted.length) return false;
  return shape.every((length, i) => typeof length !== 'number' || wanted[i] === null || length === wanted[i]);
}

function batchOf(input: OnnxValue | undefined): number | 'dynamic' {
  const batch = input?.shape?.[0];
  return typeof batch === 'number' ? batch : 'dynamic';
}

async function missingExternalData(header: OnnxHeader, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const { location, bytes } of header.external) {
    const file = path.join(folder, location);
    const there = await stat(file).catch(() => null);
    if (there === null || !there.isFile()) {
      found.push(`external data: the model needs "${location}", there is no file ${file}`);
    } else if (there.size < bytes) {
      found.push(
        `external data: the model needs ${bytes} bytes of "${location}", the file has ${there.size}`,
      );
    }
  }
  return found;
}

function both(what: string, manifest: string, model: string): string {
  return `${what}: manifest ${manifest}, model ${model}`;
}

function names(values: readonly OnnxValue[]): string {
  return values.length === 0 ? 'none' : values.map((value) => `"${value.name}"`).join(', ');
}
