import { describe, expect, it } from 'vitest';
import type { SplitRow } from '../../src-main/catalog/near-duplicates.ts';
import { FingerprintSearch } from '../../src-main/experiments/close-fingerprints.ts';
import { findNearDuplicates, type SplitPart } from '../../src-main/experiments/near-duplicates.ts';
import type { StreamKey } from '../../src-main/catalog/features.ts';
import type { CatalogReader } from '../../src-main/catalog/reader.ts';

/** A catalog of contents with fingerprints (the bits that are set) and embeddings. */
function readerOf(contents: Record<string, { bits: number[] | null; embedding?: number[] }>) {
  const asked: string[] = [];
  const reader = {
    fingerprints: {
      pending: () => [],
      get(content: string) {
        asked.push(content);
        const bits = contents[content]?.bits ?? null;
        if (bits === null) return null;
        const hash = new Uint8Array(8);
        for (const bit of bits) hash[bit >> 3]! |= 1 << (bit & 7);
        return hash;
      },
    },
    features: { vector: (content: string) => Float32Array.from(contents[content]!.embedding!) },
  } as unknown as Pick<CatalogReader, 'fingerprints' | 'features'>;
  const search = new FingerprintSearch(reader);
  return {
    /** Contents whose fingerprint was read, in order. */
    asked,
    find: (parts: SplitPart[], streams: StreamKey[]) => findNearDuplicates(reader, search, parts, streams),
  };
}

function row(image: number, content: string): SplitRow {
  return { image, content, name: `${content}.jpg` };
}

const NSS = [{ stream: 'nss', version: '1' }];
const VISION = [...NSS, { stream: 'mobilenet-v2', version: '1' }];
const many = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);
const FAR = many(30, 20);

describe('near-duplicates across a split', () => {
  const contents = {
    a: { bits: many(10), embedding: [1, 0] },
    close: { bits: many(14), embedding: [0.9, 0.3] },
    looser: { bits: many(18), embedding: [0.8, 0.2] },
    other: { bits: many(12), embedding: [0, 1] },
    far: { bits: FAR, embedding: [1, 0] },
    unknown: { bits: null, embedding: [1, 0] },
  };
  const train = [row(2, 'close'), row(3, 'looser'), row(4, 'other'), row(5, 'far'), row(6, 'unknown')];

  it('are confirmed by the vision stream, and need closer fingerprints without one', () => {
    const parts = [{ part: 0, train, test: [row(1, 'a')] }];
    expect(readerOf(contents).find(parts, VISION)).toEqual({
      total: 1,
      checked: 1,
      stream: 'mobilenet-v2',
      // "other" is the closest by fingerprint, but shows something else; "looser" differs in 8 bits.
      found: [
        {
          part: 0,
          test: 1,
          train: 2,
          distance: 4,
          cosine: expect.closeTo(0.9487, 4) as number,
          inTraining: 2,
        },
      ],
    });
    expect(readerOf(contents).find(parts, NSS)).toEqual({
      total: 1,
      checked: 1,
      stream: null,
      found: [{ part: 0, test: 1, train: 4, distance: 2, cosine: null, inTraining: 2 }],
    });
  });

  it('are sought in the same part only', () => {
    const parts = [
      { part: 0, train: [row(5, 'far')], test: [row(1, 'a')] },
      { part: 1, train: [row(1, 'a')], test: [row(5, 'far')] },
    ];
    expect(readerOf(contents).find(parts, NSS)).toMatchObject({
      total: 2,
      checked: 2,
      found: [],
    });
  });

  it('count equal contents, and tell how many images can not be compared', () => {
    const parts = [{ part: 3, train: [row(7, 'a')], test: [row(1, 'a'), row(6, 'unknown')] }];
    expect(readerOf(contents).find(parts, VISION)).toMatchObject({
      total: 2,
      checked: 1,
      found: [{ part: 3, test: 1, train: 7, distance: 0, cosine: 1, inTraining: 1 }],
    });
  });

  it('of two runs of an ablation are sought once; only the confirming stream differs', () => {
    const parts = [{ part: 0, train, test: [row(1, 'a')] }];
    const { find, asked } = readerOf(contents);
    const confirmed = find(parts, VISION);
    const unconfirmed = find(parts, NSS);
    expect(asked.toSorted()).toEqual(Object.keys(contents).toSorted());
    expect(confirmed).toEqual(readerOf(contents).find(parts, VISION));
    expect(unconfirmed).toEqual(readerOf(contents).find(parts, NSS));
    expect(unconfirmed).not.toEqual(confirmed);
  });

  it('of other folds are told apart, and those of other images are sought anew', () => {
    const { find, asked } = readerOf(contents);
    const parts = [{ part: 0, train, test: [row(1, 'a')] }];
    const turned = [{ part: 0, train: [row(1, 'a')], test: train }];
    const fewer = [{ part: 0, train: train.slice(2), test: [row(1, 'a')] }];
    find(parts, NSS);
    expect(find(turned, NSS)).toEqual(readerOf(contents).find(turned, NSS));
    expect(asked).toHaveLength(6);
    expect(find(fewer, NSS)).toEqual(readerOf(contents).find(fewer, NSS));
    expect(asked).toHaveLength(6 + 4);
    expect(find(parts, NSS)).toEqual(readerOf(contents).find(parts, NSS));
    expect(asked).toHaveLength(6 + 4 + 6);
  });
});
