/**
 * OpenJPEG as WebAssembly (@cornerstonejs/codec-openjpeg, MIT): lossy JPEG2000 at a compression ratio.
 * Synchronous once loaded, so it belongs into worker threads. Single-threaded and without chance: same bytes every time.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { RgbPicture } from '../images/picture.ts';

type FrameInfo = {
  width: number;
  height: number;
  bitsPerSample: number;
  componentCount: number;
  isSigned: boolean;
  isUsingColorTransform: boolean;
};
/** What of the package's classes is used here; instances live in the module's heap until `delete`. */
type J2KEncoder = {
  getDecodedBuffer(frame: FrameInfo): Uint8Array;
  setQuality(lossless: boolean, layers: number): void;
  setCompressionRatio(layer: number, ratio: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
};
type J2KDecoder = {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  delete(): void;
};
type OpenJpeg = { J2KEncoder: new () => J2KEncoder; J2KDecoder: new () => J2KDecoder };
type Factory = (options: { wasmBinary: Uint8Array; print: () => void }) => Promise<OpenJpeg>;

const PACKAGE = '@cornerstonejs/codec-openjpeg';
let loaded: Promise<OpenJpeg> | undefined;

/** The module, loaded once per thread. Its progress lines would otherwise go to stdout. */
function openJpeg(): Promise<OpenJpeg> {
  const require = createRequire(import.meta.url);
  loaded ??= (require(`${PACKAGE}/wasmjs`) as Factory)({
    wasmBinary: readFileSync(require.resolve(`${PACKAGE}/wasm`)),
    print: () => undefined,
  });
  return loaded;
}

/** A code stream of one quality layer (9/7 wavelet, RGB through the irreversible colour transform) at raw / `ratio` bytes. */
export async function encodeJpeg2000(picture: RgbPicture, ratio: number): Promise<Uint8Array> {
  const { width, height, data } = picture;
  const encoder = new (await openJpeg()).J2KEncoder();
  try {
    const frame = { width, height, bitsPerSample: 8, componentCount: 3, isSigned: false };
    encoder.getDecodedBuffer({ ...frame, isUsingColorTransform: true }).set(data);
    encoder.setQuality(false, 1);
    encoder.setCompressionRatio(0, ratio);
    encoder.encode();
    return encoder.getEncodedBuffer().slice();
  } finally {
    encoder.delete();
  }
}

/** The interleaved RGB bytes of an 8-bit code stream with three components. */
export async function decodeJpeg2000(codeStream: Uint8Array): Promise<Uint8Array> {
  const decoder = new (await openJpeg()).J2KDecoder();
  try {
    decoder.getEncodedBuffer(codeStream.length).set(codeStream);
    decoder.decode();
    return decoder.getDecodedBuffer().slice();
  } finally {
    decoder.delete();
  }
}
