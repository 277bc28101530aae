import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { countParameters } from '../../src-main/fusion/head.ts';
import { architectureOf, parseHead, serializeHead } from '../../src-main/fusion/trained-head.ts';
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

function withParameters(streams: TrainedHead['streams'], gate: string | null): TrainedHead {
  const length = countParameters(architectureOf(streams, { hidden: [4, 2], gate }));
  const parameters = Float32Array.from({ length }, (_, i) => Math.sin(i));
  return { streams, hidden: [4, 2], gate, parameters, target: { mean: 56.789, std: 0.1 } };
}

describe('the file of a trained head', () => {
  it('comes back as it was', () => {
    expect(parseHead(serializeHead(head))).toEqual(head);
    const shifted = new Uint8Array([0, ...serializeHead(head)]).subarray(1);
    expect(parseHead(shifted)).toEqual(head);
  });

  it('of version 1, which had no projections and no gates, is still read', () => {
    const old = withParameters([nss], null);
    const bytes = serializeHead(old);
    bytes[8] = 1;
    expect(parseHead(bytes)).toEqual(old);
  });

  it('is refused as damaged when any byte is changed or missing', () => {
    const bytes = serializeHead(head);
    const versionField = [8, 9, 10, 11];
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const damaged = bytes.slice();
        damaged[place]! ^= change;
        const readable = damaged[8] === 1 && place === 8; // version 1, which knows no projection
        expect(codeOf(() => parseHead(damaged))).toBe(
          versionField.includes(place) && !readable ? 'version-mismatch' : 'corrupt',
        );
        expect(codeOf(() => parseHead(bytes.subarray(0, place)))).toBe('corrupt');
      }),
    );
    expect(codeOf(() => parseHead(new Uint8Array([...bytes, 0])))).toBe('corrupt');
    expect(codeOf(() => parseHead(serializeHead({ ...head, parameters: head.parameters.subarray(1) })))).toBe(
      'corrupt',
    );
    expect(codeOf(() => parseHead(serializeHead({ ...head, hidden: [4, 1.5] })))).toBe('corrupt');
    expect(codeOf(() => parseHead(serializeHead({ ...head, gate: 'another' })))).toBe('corrupt');
    expect(codeOf(() => parseHead(serializeHead({ ...head, target: { mean: NaN, std: 1 } })))).toBe(
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
