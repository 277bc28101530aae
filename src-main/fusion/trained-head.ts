/** A trained head: all that prediction needs, as a plain object and as the bytes of a file. */
import { crc32 } from 'node:zlib';
import { StudioError } from '../../src-shared/errors.ts';
import { countParameters, layersOf } from './head.ts';
import { outputDimension } from './preprocess.ts';
import type { Architecture } from './head.ts';
import type { StreamTransform } from './preprocess.ts';

export type TrainedHead = {
  /** The streams in the order of the fused vector, with their fitted preprocessing. */
  streams: StreamTransform[];
  /** Widths of the hidden layers, e.g. [512, 256]. */
  hidden: number[];
  /** The stream that the gates are computed from; null: static fusion. */
  gate: string | null;
  /** All weights and biases, laid out as `layersOf` says. */
  parameters: Float32Array;
  /** Prediction in label units = output * target.std + target.mean; 0 and 1 for raw targets. */
  target: { mean: number; std: number };
};

/**
 * The file: magic (8 bytes), version, CRC-32 of header and numbers, length of the JSON header (uint32 each), header, numbers. Since
 * version 4 the CRC starts from the version, so that a damaged version is noticed.
 */
const MAGIC = 'BIQAHEAD';
/**
 * Version 1 had no projections and no gates, versions 1 and 2 a single member, versions 1 to 3 weights [inputs, outputs]; their files
 * are still read.
 */
const VERSION = 4;
const PREFIX_LENGTH = MAGIC.length + 12;

type Header = {
  /** `components` and `dropped` where the stream is projected; never in version 1. */
  streams: { id: string; dimension: number; components?: number; dropped?: number }[];
  hidden: number[];
  /** Not there in version 1, which had no gates. */
  gate?: string | null;
  target: TrainedHead['target'];
  /** Heads in the file, not there before version 3. */
  members?: number;
};

/** The model that the parameters belong to. */
export function architectureOf(
  streams: readonly StreamTransform[],
  { hidden, gate }: Pick<TrainedHead, 'hidden' | 'gate'>,
): Architecture {
  return {
    streams: streams.map((transform) => ({ id: transform.id, width: outputDimension(transform) })),
    hidden,
    gate,
  };
}

/**
 * The bytes of the heads that were trained on the same preprocessed streams, the members of an ensemble, little-endian: for each stream means
 * and scales and, where it is projected, variances as float64 and the projection's matrix as float32; then the parameters of each head
 * as float32. Throws RangeError where the heads differ in anything but their parameters.
 */
export function serializeHeads(heads: readonly TrainedHead[]): Uint8Array {
  const head = heads[0];
  if (head === undefined || !heads.every((other) => isSibling(head, other)))
    throw new RangeError('the heads of one file share everything but their parameters');
  const header: Header = {
    streams: head.streams.map(({ id, scaler, projection }) => ({
      id,
      dimension: scaler.mean.length,
      ...(projection === null
        ? {}
        : { components: projection.variances.length, dropped: projection.dropped }),
    })),
    hidden: head.hidden,
    gate: head.gate,
    target: head.target,
    members: heads.length,
  };
  const text = Buffer.from(JSON.stringify(header));
  const streams = head.streams.flatMap(({ scaler, projection }) => [
    scaler.mean,
    scaler.scale,
    ...(projection === null ? [] : [projection.variances, projection.matrix]),
  ]);
  const body = Buffer.concat([
    text,
    ...[...streams, ...heads.map((member) => member.parameters)].map(bytesOf),
  ]);
  const prefix = Buffer.alloc(PREFIX_LENGTH);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(VERSION, MAGIC.length);
  prefix.writeUInt32LE(checksum(body, VERSION), MAGIC.length + 4);
  prefix.writeUInt32LE(text.length, MAGIC.length + 8);
  return new Uint8Array(Buffer.concat([prefix, body]));
}

function isSibling(a: TrainedHead, b: TrainedHead): boolean {
  return (
    a.streams.length === b.streams.length &&
    a.streams.every((transform, i) => transform === b.streams[i]) &&
    a.hidden.join() === b.hidden.join() &&
    a.gate === b.gate &&
    Object.is(a.target.mean, b.target.mean) &&
    Object.is(a.target.std, b.target.std)
  );
}

/** The heads in a file's bytes; StudioError corrupt where they are damaged, version-mismatch where they are newer. */
export function parseHeads(bytes: Uint8Array): TrainedHead[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < PREFIX_LENGTH || file.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw corrupt('not a head');
  const version = file.readUInt32LE(MAGIC.length);
  if (version < 1 || version > VERSION) {
    throw new StudioError(
      'version-mismatch',
      `The trained head has format ${version}, this studio reads 1 to ${VERSION}`,
      {
        hint: 'Open the run with the studio version that trained it, or train it again.',
      },
    );
  }
  const body = file.subarray(PREFIX_LENGTH);
  if (file.readUInt32LE(MAGIC.length + 4) !== checksum(body, version)) throw corrupt('its checksum is wrong');
  const headerLength = file.readUInt32LE(MAGIC.length + 8);
  const header = parseHeader(body.toString('utf8', 0, headerLength), version);
  const heads = readNumbers(header, body.subarray(headerLength));
  return version > 3 ? heads : heads.map(withTransposedWeights);
}

function checksum(body: Uint8Array, version: number): number {
  return crc32(body, version > 3 ? version : 0);
}

function parseHeader(text: string, version: number): Header {
  try {
    const header = JSON.parse(text) as Header;
    const { streams, hidden, gate = null, target, members = 1 } = header;
    const valid =
      streams.length > 0 &&
      streams.every(
        ({ id, dimension, components, dropped }) =>
          typeof id === 'string' &&
          isWidth(dimension) &&
          (components === undefined || (version > 1 && isWidth(components) && Number.isInteger(dropped))),
      ) &&
      hidden.every(isWidth) &&
      (gate === null || streams.some(({ id }) => id === gate)) &&
      isWidth(members) &&
      (version > 2 || members === 1) &&
      Number.isFinite(target.mean) &&
      target.std > 0;
    if (valid) return header;
  } catch {
    // Reported below with the other ways in which a header can be wrong.
  }
  throw corrupt('its header is not valid');
}

function readNumbers(header: Header, bytes: Buffer): TrainedHead[] {
  const { streams, hidden, gate = null, target, members = 1 } = header;
  let offset = 0;
  const take = (length: number): ArrayBuffer => {
    const part = bytes.subarray(offset, offset + length);
    if (part.length !== length) throw corrupt('it ends too early');
    offset += length;
    return new Uint8Array(part).buffer;
  };
  const transforms = streams.map(({ id, dimension, components, dropped = 0 }): StreamTransform => {
    const mean = new Float64Array(take(8 * dimension));
    const scale = new Float64Array(take(8 * dimension));
    const scaler = { mean, scale };
    if (components === undefined) return { id, scaler, projection: null };
    const variances = new Float64Array(take(8 * components));
    const matrix = new Float32Array(take(4 * dimension * components));
    return { id, scaler, projection: { matrix, variances, dropped } };
  });
  const parameterCount = countParameters(architectureOf(transforms, { hidden, gate }));
  const heads: TrainedHead[] = [];
  for (let member = 0; member < members; member++) {
    const parameters = new Float32Array(take(4 * parameterCount));
    heads.push({ streams: transforms, hidden, gate, parameters, target });
  }
  if (offset !== bytes.length) throw corrupt('it is too long');
  return heads;
}

/** The head of a file whose weights are [inputs, outputs]. */
function withTransposedWeights(head: TrainedHead): TrainedHead {
  const parameters = head.parameters.slice();
  for (const { inputs, outputs, weightOffset } of layersOf(architectureOf(head.streams, head))) {
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++)
        parameters[weightOffset + o * inputs + i] = head.parameters[weightOffset + i * outputs + o]!;
    }
  }
  return { ...head, parameters };
}

function isWidth(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0;
}

function bytesOf(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function corrupt(reason: string): StudioError {
  return new StudioError('corrupt', `The file of a trained head is damaged: ${reason}`, {
    hint: 'Delete the run and train it again.',
  });
}
