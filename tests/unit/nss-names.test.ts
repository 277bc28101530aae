import { describe, expect, it } from 'vitest';
import {
  NSS_BLOCK_NAMES,
  NSS_FAMILIES,
  NSS_NAMES,
  explainNss,
  familyOf,
} from '../../src-shared/nss-names.ts';

describe('NSS names', () => {
  it('has 138 unique public names and 69 block names', () => {
    expect(NSS_NAMES).toHaveLength(138);
    expect(new Set(NSS_NAMES).size).toBe(138);
    expect(NSS_BLOCK_NAMES).toHaveLength(69);
  });

  it('follows the order of nss.md', () => {
    const at = (i: number) => NSS_NAMES[i];
    expect([0, 4, 5, 8, 9, 23, 24, 39, 40, 47].map(at)).toEqual([
      'mean.intensity.mean',
      'mean.intensity.entropy',
      'mean.sobel.x.mean',
      'mean.sobel.y.var',
      'mean.lbp.00',
      'mean.lbp.14',
      'mean.loggabor.s0.o0.mean',
      'mean.loggabor.s1.o3.var',
      'mean.loggabor.o0.skew',
      'mean.loggabor.o3.kurtosis',
    ]);
    expect([48, 95, 96, 104, 105, 113, 114, 116, 117, 137].map(at)).toEqual([
      'std.intensity.mean',
      'std.loggabor.o3.kurtosis',
      'mean.digit.1',
      'mean.digit.9',
      'mean.color.r.mean',
      'mean.color.b.skew',
      'mean.color.cov.rg',
      'mean.color.cov.gb',
      'std.digit.1',
      'std.color.cov.gb',
    ]);
  });

  it('gives each name its family', () => {
    const counts = NSS_FAMILIES.map(
      ({ id }) => NSS_BLOCK_NAMES.filter((name) => familyOf(name) === id).length,
    );
    expect(counts).toEqual([5, 4, 15, 24, 9, 12]);
    expect(NSS_NAMES.filter((name) => familyOf(name) === 'lbp')).toHaveLength(30);
  });

  it('explains every feature in a sentence of its own', () => {
    const sentences = [...NSS_NAMES, ...NSS_BLOCK_NAMES].map(explainNss);
    expect(new Set(sentences).size).toBe(138 + 69);
    for (const sentence of sentences) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(sentence).not.toMatch(/undefined|NaN/);
    }
    expect(explainNss('mean.loggabor.s1.o2.var')).toBe(
      'Average over the 32 x 32 blocks of the variance of the log-Gabor response at a wavelength of 6 pixels, ' +
        'varying along 90 degrees; high where such structure is strong in some places and weak in others.',
    );
    expect(explainNss('std.digit.3')).toContain('differs from block to block');
  });

  it('refuses names that are not features', () => {
    expect(() => familyOf('mean.lbp.15')).toThrow(RangeError);
    expect(() => explainNss('lbp')).toThrow(RangeError);
  });
});
