import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISTORTION_TYPES, distortionName, kadidName, parseKadidName } from '../../src-shared/distortions.ts';

const KADID_LABELS = path.resolve(import.meta.dirname, '../../../shared/data/labels/kadid10k/dmos.csv');

describe('the table of distortions', () => {
  it('has 25 types 01 to 25 in order, with distinct names', () => {
    const expected = Array.from({ length: 25 }, (_, i) => String(i + 1).padStart(2, '0'));
    expect(DISTORTION_TYPES.map(({ type }) => type)).toEqual(expected);
    expect(new Set(DISTORTION_TYPES.map(({ name }) => name)).size).toBe(25);
  });

  it('names a type and leaves a foreign code as it is', () => {
    expect(distortionName('07')).toBe('Color saturation 1');
    expect(distortionName('AWGN')).toBe('AWGN');
  });
});

describe('parseKadidName', () => {
  it('reads reference, type and level', () => {
    expect(parseKadidName('I01_07_03.png')).toEqual({ reference: 'I01', type: '07', level: 3 });
    expect(parseKadidName('i81_25_05.PNG')).toEqual({ reference: 'I81', type: '25', level: 5 });
  });

  it.each([
    'I01.png',
    'I01_01_1.bmp',
    'I01_26_01.png',
    'I01_00_01.png',
    'I01_07_06.png',
    'I01_07_00.png',
    'x.csv',
    '',
  ])('returns null for %j', (name) => expect(parseKadidName(name)).toBeNull());

  it('is the inverse of kadidName', () => {
    const anyName = fc.record({
      reference: fc.integer({ min: 1, max: 99 }).map((n) => `I${String(n).padStart(2, '0')}`),
      type: fc.constantFrom(...DISTORTION_TYPES.map(({ type }) => type)),
      level: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(anyName, (name) => {
        expect(parseKadidName(kadidName(name))).toEqual(name);
      }),
    );
  });

  // Skipped where the KADID-10k label file is not at hand (../shared/data).
  it.skipIf(!existsSync(KADID_LABELS))('reads every name of KADID-10k, 405 a type', () => {
    const rows = readFileSync(KADID_LABELS, 'utf8').trim().split(/\r?\n/).slice(1);
    const counts = new Map<string, number>();
    for (const row of rows) {
      const [image, reference] = row.split(',');
      const name = parseKadidName(image!);
      expect(`${name?.reference}.png`).toBe(reference);
      counts.set(name!.type, (counts.get(name!.type) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(Array(25).fill(405));
  });
});
