/** Reading what `studio export` wrote: a model and the card beside it (docs/export.md). */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { runCardSchema, type RunCard } from '../../src-shared/run-card.ts';
import type { ModelToRun } from '../experiments/run-model.ts';

/** A model with the streams, in their versions, that it was trained on. */
export type ModelFromFile = ModelToRun & { streams: { stream: string; version: string }[] };

/**
 * Reads FILE.onnx and FILE.card.json. Throws StudioError: 'bad-input' for another kind of file, 'not-found' where one of the two is
 * missing, 'corrupt' for a card that is none, 'conflict' where the card is another model's.
 */
export async function readExportedModel(file: string): Promise<ModelFromFile> {
  const { dir, name, ext } = path.parse(file);
  if (ext.toLowerCase() !== '.onnx')
    throw new StudioError('bad-input', `Not an ONNX file: ${file}`, {
      file,
      hint: 'Give the .onnx file that studio export wrote.',
    });
  const onnx = await readFile(file).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
  const cardFile = path.join(dir, `${name}.card.json`);
  const { model, streams } = await readCard(cardFile);
  if (hash('sha256', onnx) !== model.sha256)
    throw new StudioError('conflict', `The card is that of another model: ${cardFile}`, {
      file: cardFile,
      hint: 'Keep the two files of one export together, or export the run again.',
    });
  const used = model.inputs.map(({ stream }) => streams.find((known) => known.stream === stream));
  if (used.includes(undefined)) throw notACard(cardFile, 'it has no version of one of the streams');
  return {
    onnx: new Uint8Array(onnx),
    inputs: model.inputs,
    gates: model.outputs.find(({ name: output }) => output === 'gates')?.columns ?? null,
    streams: used.map((stream) => ({ stream: stream!.stream, version: stream!.version })),
  };
}

async function readCard(file: string): Promise<RunCard> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const shape = errorShape(error, file);
    if (shape.code !== 'not-found') throw StudioError.fromShape(shape);
    throw new StudioError('not-found', `The model's card is missing: ${file}`, {
      file,
      hint: 'The card says which streams, in which versions, the model needs. studio export writes it beside the model.',
    });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notACard(file, (error as Error).message);
  }
  const card = runCardSchema.safeParse(value);
  if (card.success) return card.data;
  const { path: where, message } = card.error.issues[0]!;
  throw notACard(file, `${where.join('.')}: ${message}`);
}

function notACard(file: string, why: string): StudioError {
  return new StudioError('corrupt', `Not the card of a model: ${file} (${why})`, {
    file,
    hint: 'Export the run again.',
  });
}
