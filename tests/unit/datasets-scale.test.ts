import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromCommonScale, toCommonScale } from '../../src-shared/scale.ts';

describe('the common scale', () => {
  it('is 0 at the bad end and 1 at the good end', () => {
    expect(toCommonScale(1, { min: 1, max: 5, better: 'higher' })).toBe(0);
    expect(toCommonScale(4, { min: 1, max: 5, better: 'higher' })).toBe(0.75);
    expect(toCommonScale(0, { min: 0, max: 1, better: 'lower' })).toBe(1);
    expect(toCommonScale(0.75, { min: 0, max: 1, better: 'lower' })).toBe(0.25);
  });

  it('maps KonIQ’s 1-5 to LIVE-itW’s 0-100 as the paper does: (y - 1) * 25', () => {
    const common = toCommonScale(3.4, { min: 1, max: 5, better: 'higher' });
    expect(fromCommonScale(common, { min: 0, max: 100, better: 'higher' })).toBeCloseTo((3.4 - 1) * 25, 12);
  });

  it('does not clamp, and comes back', () => {
    expect(toCommonScale(110, { min: 0, max: 100, better: 'higher' })).toBeGreaterThan(1);
    fc.assert(
      fc.property(
        fc.double({ min: -1000, max: 1000, noNaN: true }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.double({ min: 0.1, max: 200, noNaN: true }),
        fc.constantFrom('higher' as const, 'lower' as const),
        (value, min, span, better) => {
          const scale = { min, max: min + span, better };
          expect(Math.abs(fromCommonScale(toCommonScale(value, scale), scale) - value)).toBeLessThan(1e-8);
        },
      ),
    );
  });
});
