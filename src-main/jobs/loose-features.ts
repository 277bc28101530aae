/** Features of pictures that need not belong to a dataset: by content, kept in the catalog, so nothing is computed twice. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { StudioError, errorShape, type ErrorShape } from '../../src-shared/errors.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { FeatureToStore } from '../catalog/features.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { openExtractor } from '../streams/extractor.ts';
import { NSS_INFO } from '../streams/registry.ts';
import type { Encoders } from '../streams/vision/encoders.ts';
import { providerOfVersion } from '../streams/vision/manifest-version.ts';
import type { JobControl } from './queue.ts';
import { WriteBehind } from './write-behind.ts';

/** With `writer` null nothing is kept: for pictures that no one will see again. */
export type LooseParts = { reader: CatalogReader; writer: CatalogWriter | null; encoders: Encoders };

/** A crash loses at most this many finished pictures, or this much time. */
const FLUSH_PICTURES = 32;
const FLUSH_MS = 1000;
/** Files read side by side while they are hashed; vectors read between two turns of the event loop. */
const READERS = 4;
const READS_PER_TURN = 100;

/** The pictures of a job by what is in them: the same bytes under two names are one picture. */
export class LoosePictures {
  /** SHA-256 (hex) -> the files with these bytes, in the order given. */
  readonly files = new Map<string, string[]>();
  /** Why a file has no prediction. */
  readonly errors = new Map<string, ErrorShape>();
  readonly #control: JobControl;

  constructor(control: JobControl) {
    this.#control = control;
  }

  /** Reads and hashes the files. One that can not be read goes to `errors`. Throws StudioError cancelled. */
  async add(files: readonly string[]): Promise<void> {
    this.#control.progress({ done: 0, total: files.length, message: 'reading pictures' });
    const contents = new Map<string, string>();
    const rest = files.values();
    let done = 0;
    const read = async () => {
      for (const file of rest) {
        requireRunning(this.#control.signal);
        try {
          contents.set(file, hash('sha256', await readFile(file)));
        } catch (error) {
          this.#fail(file, errorShape(error, file));
        }
        this.#control.progress({ done: ++done });
      }
    };
    await Promise.all(Array.from({ length: READERS }, read));
    for (const file of files) {
      const content = contents.get(file);
      if (content === undefined) continue;
      const same = this.files.get(content);
      if (same === undefined) this.files.set(content, [file]);
      else same.push(file);
    }
  }

  /** Takes a picture out: all its files get the error. */
  drop(content: string, error: ErrorShape): void {
    for (const file of this.files.get(content) ?? []) this.#fail(file, { ...error, file });
    this.files.delete(content);
  }

  #fail(file: string, error: ErrorShape): void {
    this.errors.set(file, error);
    this.#control.fail(file, error);
  }
}

/**
 * The vectors of one stream by content, in the very version that the run or model (`user`, for messages) was trained on. What the catalog holds is
 * reused; the rest is computed and stored while it goes, so a job that was killed goes on where it stopped. Pictures that
 * fail are dropped, and are tried again next time. Throws StudioError not-available where the stream can not be computed here.
 */
export async function looseFeatures(
  wanted: { stream: string; version: string; user: string },
  pictures: LoosePictures,
  control: JobControl,
  { reader, writer, encoders }: LooseParts,
): Promise<Map<string, Float32Array>> {
  const { stream, version, user } = wanted;
  const vectors = await storedVectors(wanted, [...pictures.files.keys()], control.signal, reader);
  const total = pictures.files.size;
  let done = vectors.size;
  control.progress({ done, total, message: `extracting ${stream} features` });
  const missing = [...pictures.files].filter(([content]) => !vectors.has(content));
  if (missing.length === 0) return vectors;

  const provider = providerOfVersion(version);
  // Features of somebody else, under whatever name, can not be made here.
  if (stream !== NSS_INFO.id && provider === null) throw notComputable(user, wanted);
  const writes = new WriteBehind(control.signal);
  const extractor = await openExtractor(stream, {
    device: provider ?? 'cpu',
    encoders,
    signal: control.signal,
  });
  let batch: FeatureToStore[] = [];
  let lastFlush = performance.now();
  const flush = () => {
    if (batch.length > 0 && writer !== null) writes.add(writer.saveFeatures({ stream, version }, batch, []));
    batch = [];
    lastFlush = performance.now();
  };
  try {
    if (extractor.info.version !== version)
      throw notComputable(user, wanted, `: it is ${extractor.info.version} now`);
    await extractor.extract(
      missing.map(([content, files]) => ({ key: content, path: files[0]!, content })),
      {
        signal: writes.signal,
        onReply(reply) {
          if ('vector' in reply) {
            vectors.set(reply.key, reply.vector);
            batch.push({ content: reply.key, vector: reply.vector });
          } else pictures.drop(reply.key, changedMeanwhile(reply.error));
          if (batch.length >= FLUSH_PICTURES || performance.now() - lastFlush > FLUSH_MS) flush();
          control.progress({ done: ++done });
        },
      },
    );
  } finally {
    flush();
    await extractor.close();
    await writes.settle();
  }
  return vectors;
}

/** What a stream of a run or model (`user`) that cannot be computed here is answered with. */
export function notComputable(
  user: string,
  { stream, version }: { stream: string; version: string },
  available = '',
): StudioError {
  return new StudioError(
    'not-available',
    `${user} uses stream "${stream}" (${version}), which can not be computed for new pictures here${available}`,
    { hint: 'Use a run or model on streams that this version extracts.' },
  );
}

async function storedVectors(
  key: { stream: string; version: string },
  contents: readonly string[],
  signal: AbortSignal,
  reader: CatalogReader,
): Promise<Map<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  for (const [i, content] of contents.entries()) {
    if (i % READS_PER_TURN === READS_PER_TURN - 1) {
      await new Promise((resolve) => setImmediate(resolve));
      requireRunning(signal);
    }
    const vector = reader.features.vector(content, key);
    if (vector !== null) vectors.set(content, vector);
  }
  return vectors;
}

/** A loose file is not imported: its conflict is that it changed between hashing and decoding. */
function changedMeanwhile(error: ErrorShape): ErrorShape {
  if (error.code !== 'conflict') return error;
  return { ...error, message: 'The file changed while it was read', hint: 'Do it again.' };
}

function requireRunning(signal: AbortSignal): void {
  if (signal.aborted) throw new StudioError('cancelled', 'Stopped');
}
