/** The few protobuf wire types that ONNX needs (https://protobuf.dev/programming-guides/encoding/). */

/** Bytes of one message, built up field by field. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A varint field: integers and enums; `value` is not negative. */
  integer(field: number, value: number | bigint): this {
    return this.#append(varint(BigInt(field) << 3n), varint(BigInt(value)));
  }

  /** A length-delimited field holding bytes. */
  bytes(field: number, value: Uint8Array): this {
    return this.#append(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.length)), value);
  }

  /** A length-delimited field holding text as UTF-8. */
  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A length-delimited field holding another message. */
  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  /** The encoded message. */
  finish(): Uint8Array {
    const result = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      result.set(part, offset);
      offset += part.length;
    }
    return result;
  }

  #append(...parts: Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#length += part.length;
    }
    return this;
  }
}

/** Base-128, least significant group first. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest > 127n;
    bytes.push(Number(rest & 127n) | (more ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
