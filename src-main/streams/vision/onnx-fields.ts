/**
 * Protobuf messages read from a file, field by field, without loading what is skipped: a window of a few KiB moves
 * over the file (https://protobuf.dev/programming-guides/encoding/). Made for hostile bytes: every length is checked
 * against its message, and the work is bounded.
 */
import type { FileHandle } from 'node:fs/promises';

/** One field of a message: its number and, by wire type, its value or where its bytes lie in the file. */
export type Field =
  | { number: number; kind: 'integer'; value: number }
  | { number: number; kind: 'bytes'; start: number; end: number }
  | { number: number; kind: 'fixed' };

/** Thrown for bytes that are no protobuf message; the message says what is wrong and where. */
export class WireError extends Error {}

const WINDOW_BYTES = 8192;
/** Largest vision encoders have about 100,000 fields. */
const MAX_FIELDS = 2_000_000;
/** Names of tensors; their sum bounds the memory. */
const MAX_TEXT_BYTES = 64 * 1024;
const MAX_ALL_TEXT_BYTES = 64 * 1024 * 1024;
/** A key and a varint take at most ten bytes each. */
const MAX_FIELD_HEAD = 20;
const MAX_VARINT_BYTES = 10;

/** Reads fields of the messages of one open file. */
export class FieldReader {
  readonly #handle: FileHandle;
  readonly size: number;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  /** The window holds the file's bytes from #start to #end. */
  #start = 0;
  #end = 0;
  #fields = 0;
  #textBytes = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** The fields of the message at bytes `start` to `end` of the file, in their order. Throws WireError. */
  async *fields({ start, end }: { start: number; end: number }): AsyncGenerator<Field> {
    let at = start;
    while (at < end) {
      if (++this.#fields > MAX_FIELDS) throw new WireError(`more than ${MAX_FIELDS} fields`);
      await this.#load(at, Math.min(MAX_FIELD_HEAD, end - at));
      const key = this.#varint(at, end);
      const number = Math.floor(key.value / 8);
      const wire = key.value % 8;
      if (number === 0) throw new WireError(`field number zero at byte ${at}`);
      const here = at;
      at = key.end;
      if (wire === 0) {
        const { value, end: after } = this.#varint(at, end);
        at = after;
        yield { number, kind: 'integer', value };
      } else if (wire === 2) {
        const length = this.#varint(at, end);
        at = length.end + length.value;
        if (at > end) throw new WireError(`field ${number} at byte ${here} ends beyond its message`);
        yield { number, kind: 'bytes', start: length.end, end: at };
      } else if (wire === 1 || wire === 5) {
        at += wire === 1 ? 8 : 4;
        if (at > end) throw new WireError(`field ${number} at byte ${here} ends beyond its message`);
        yield { number, kind: 'fixed' };
      } else throw new WireError(`wire type ${wire} at byte ${here}`);
    }
  }

  /** The text of a field; throws WireError where it is none, too long or not UTF-8. */
  async text(field: Field): Promise<string> {
    const { start, end } = span(field);
    this.#textBytes += end - start;
    if (end - start > MAX_TEXT_BYTES || this.#textBytes > MAX_ALL_TEXT_BYTES) {
      throw new WireError(`a text of ${end - start} bytes at byte ${start}`);
    }
    const bytes = Buffer.alloc(end - start);
    if (start >= this.#start && end <= this.#end) {
      this.#window.copy(bytes, 0, start - this.#start, end - this.#start);
    } else await this.#readInto(bytes, start);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw new WireError(`text that is not UTF-8 at byte ${start}`);
    }
  }

  /** Base 128, least significant group first. Above 2^53 the value is rounded: no length or number gets there. */
  #varint(at: number, end: number): { value: number; end: number } {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (at + i >= end) throw new WireError(`an integer at byte ${at} ends beyond its message`);
      const byte = this.#window[at + i - this.#start]!;
      value += (byte & 127) * 128 ** i;
      if (byte < 128) return { value, end: at + i + 1 };
    }
    throw new WireError(`an integer of more than ${MAX_VARINT_BYTES} bytes at byte ${at}`);
  }

  /** Moves the window so that it holds `length` bytes from `position` on. */
  async #load(position: number, length: number): Promise<void> {
    if (position >= this.#start && position + length <= this.#end) return;
    const wanted = Math.min(WINDOW_BYTES, this.size - position);
    await this.#readInto(this.#window.subarray(0, wanted), position);
    this.#start = position;
    this.#end = position + wanted;
  }

  async #readInto(target: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await this.#handle.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) throw new WireError('the file ended while it was read');
      done += bytesRead;
    }
  }
}

/** Where a message or text lies; throws WireError where the field is an integer. */
export function span(field: Field): { start: number; end: number } {
  if (field.kind !== 'bytes') throw new WireError(`field ${field.number} is not a message or text`);
  return field;
}

/** The value of an integer or enum; throws WireError where the field is another kind. */
export function integer(field: Field): number {
  if (field.kind !== 'integer') throw new WireError(`field ${field.number} is not an integer`);
  return field.value;
}
