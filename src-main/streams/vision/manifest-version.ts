import { createHash } from 'node:crypto';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import { DEVICES } from '../../../src-shared/encoders.ts';
import type { Provider } from '../../../src-shared/encoders.ts';
import { FIVE_CROP_RULE } from './crops.ts';
import { PREPROCESS_VERSION } from './preprocess.ts';

/**
 * The stream version of an encoder's embeddings: part of every feature key, so it covers all that changes a value
 * (spec data.md, "Feature key"): crop rule, preprocessing, output and precision (a digest), model, provider, decoder.
 * Example: "five-crop/1+squash-384-bicubic/1-5d41402a+model-c0573e3f4140c3a7+cpu-float32+decoder/1".
 * `modelSha256` is modelDigest's result: 64 hexadecimal digits, else RangeError.
 */
export function encoderVersion(
  manifest: EncoderManifest,
  modelSha256: string,
  decoderVersion: string,
  provider: string,
): string {
  if (!/^[0-9a-f]{64}$/.test(modelSha256)) throw new RangeError(`not a SHA-256: "${modelSha256}"`);
  const { preprocessing: p, input, output } = manifest;
  // In this order and by name, so that reordering a manifest's fields changes nothing.
  const facts = [
    p.mode,
    p.size,
    p.mode === 'squash' ? null : p.cropSize,
    p.filter,
    p.mean,
    p.std,
    output.name,
    output.row,
  ];
  const digest = sha256(JSON.stringify(facts)).slice(0, 8);
  return [
    FIVE_CROP_RULE,
    `${p.mode}-${p.size}-${p.filter}/${PREPROCESS_VERSION}-${digest}`,
    `model-${modelSha256.slice(0, 16)}`,
    `${provider}-${input.dtype}`,
    decoderVersion,
  ].join('+');
}

/** The provider that a stream version names; null where it is not an encoder's. */
export function providerOfVersion(version: string): Provider | null {
  const device = version.split('+').at(-2)?.split('-')[0];
  return DEVICES.filter((known) => known !== 'auto').find((known) => known === device) ?? null;
}

/** Whether two stream versions differ in nothing but the provider, whose embeddings agree to the probe's tolerance. */
export function sameModel(version: string, other: string): boolean {
  return withoutProvider(version) === withoutProvider(other);
}

function withoutProvider(version: string): string {
  const provider = providerOfVersion(version);
  return provider === null ? version : version.replace(`+${provider}-`, '+');
}

/**
 * One SHA-256 for a model of one or several files: the file's own where there is one, else that of the sorted lines
 * "sha256  path\n" (the weights may lie in the external files alone). Throws RangeError where there is no file.
 */
export function modelDigest(files: readonly { path: string; sha256: string }[]): string {
  const [only, ...others] = files;
  if (only === undefined) throw new RangeError('a model has at least one file');
  if (others.length === 0) return only.sha256;
  const lines = files.map((f) => `${f.sha256}  ${f.path}\n`).sort();
  return sha256(lines.join(''));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
