import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { countParameters, layersOf } from '../../src-main/fusion/head.ts';
import { architectureOf, parseHeads, serializeHeads } from '../../src-main/fusion/trained-head.ts';
import type { TrainedHead } from '../../src-main/fusion/trained-head.ts';

const nss = {
  id: 'nss',
  scaler: { mean: Float64Array.of(0.1, -2), scale: Float64Array.of(1, 1e-20) },
  projection: null,
};
const vision = {
  id: 'flux-ä',
  scaler: { mean: Float64Array.of(7, 8), scale: Float64Array.of(3, 0.1) },
  projection: { matrix: Float32Array.of(0.6, -0.8), variances: Float64Array.of(1.5), dropped: 1 },
};
const head: TrainedHead = withParameters([nss, vision], 'flux-ä');

const sibling: TrainedHead = { ...head, parameters: head.parameters.map((value) => value / 2) };

function withParameters(streams: TrainedHead['streams'], gate: string | null): TrainedHead {
  const length = countParameters(architectureOf(streams, { hidden: [4, 2], gate }));
  const parameters = Float32Array.from({ length }, (_, i) => Math.sin(i));
  return { streams, hidden: [4, 2], gate, parameters, target: { mean: 56.789, std: 0.1 } };
}

/** The file that the studio wrote when it had this version: weights the other way round, and a CRC that left the version out. */
function ofVersion(version: number, heads: readonly TrainedHead[]): Uint8Array {
  const bytes = serializeHeads(heads.map(transposed));
  const body = bytes.subarray(20);
  const fields = new DataView(bytes.buffer);
  fields.setUint32(8, version, true);
  fields.setUint32(12, crc32(body), true);
  return bytes;
}

function transposed(of: TrainedHead): TrainedHead {
  const layers = layersOf(architectureOf(of.streams, of));
  const parameters = layers.flatMap(({ inputs, outputs, weightOffset, biasOffset }) => [
    ...Array.from(
      { length: inputs * outputs },
      (_, k) => of.parameters[weightOffset + (k % outputs) * inputs + Math.floor(k / outputs)]!,
    ),
    ...of.parameters.subarray(biasOffset, biasOffset + outputs),
  ]);
  return { ...of, parameters: Float32Array.from(parameters) };
}

describe('the file of a trained head', () => {
  it('comes back as it was', () => {
    expect(parseHeads(serializeHeads([head]))).toEqual([head]);
    const shifted = new Uint8Array([0, ...serializeHeads([head])]).subarray(1);
    expect(parseHeads(shifted)).toEqual([head]);
  });

  it('holds the members of an ensemble, which share everything but their parameters', () => {
    const [first, second] = parseHeads(serializeHeads([head, sibling]));
    expect([first, second]).toEqual([head, sibling]);
    expect(second!.streams).toBe(first!.streams);
    const other = { ...sibling, target: { mean: 0, std: 1 } };
    const elsewhere = { ...sibling, streams: [structuredClone(nss), vision] };
    for (const heads of [[], [head, other], [head, elsewhere], [head, { ...sibling, gate: 'nss' }]])
      expect(() => serializeHeads(heads)).toThrow(RangeError);
  });

  it.each([
    ['3, whose weights were [inputs, outputs]', 3, [head, sibling]],
    ['2, which had one head', 2, [head]],
    ['1, which had no projections and no gates', 1, [withParameters([nss], null)]],
  ])('of version %s, is still read', (_, version, heads) => {
    expect(parseHeads(ofVersion(version, heads))).toEqual(heads);
  });

  it('is refused as damaged when any byte is changed or missing', () => {
    const bytes = serializeHeads([head, sibling]);
    const versionField = [8, 9, 10, 11];
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const damaged = bytes.slice();
        damaged[place]! ^= change;
        const readable = place === 8 && damaged[8]! >= 1 && damaged[8]! <= 3;
        expect(codeOf(() => parseHeads(damaged))).toBe(
          versionField.includes(place) && !readable ? 'version-mismatch' : 'corrupt',
        );
        expect(codeOf(() => parseHeads(bytes.subarray(0, place)))).toBe('corrupt');
      }),
    );
    expect(codeOf(() => parseHeads(new Uint8Array([...bytes, 0])))).toBe('corrupt');
    expect(
      codeOf(() => parseHeads(serializeHeads([{ ...head, parameters: head.parameters.subarray(1) }]))),
    ).toBe('corrupt');
    expect(codeOf(() => parseHeads(serializeHeads([{ ...head, hidden: [4, 1.5] }])))).toBe('corrupt');
    expect(codeOf(() => parseHeads(serializeHeads([{ ...head, gate: 'another' }])))).toBe('corrupt');
    expect(codeOf(() => parseHeads(serializeHeads([{ ...head, target: { mean: NaN, std: 1 } }])))).toBe(
      'corrupt',
    );
  });
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StudioError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}
