import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rate } from '../../src-main/jobs/rate.ts';

describe('Rate', () => {
  it('says nothing before half a second', () => {
    const rate = new Rate();
    expect(rate.perSecond()).toBeNull();
    rate.mark(0, 1000);
    expect(rate.perSecond()).toBeNull();
    rate.mark(5, 1499);
    expect([rate.perSecond(), rate.etaSeconds(10)]).toEqual([null, null]);
    rate.mark(10, 1500);
    expect(rate.perSecond()).toBe(20);
  });

  it('does not count what was there at the start (a resumed job)', () => {
    const rate = new Rate();
    rate.mark(9000, 0);
    rate.mark(9010, 1000);
    expect(rate.perSecond()).toBe(10);
    expect(rate.etaSeconds(9110)).toBe(10);
  });

  it('forgets what is older than the window', () => {
    const rate = new Rate(10_000);
    for (let s = 0; s <= 60; s++) rate.mark(s * 100, s * 1000);
    for (let s = 61; s <= 80; s++) rate.mark(6000 + (s - 60), s * 1000);
    expect(rate.perSecond()).toBeCloseTo(1, 6);
  });

  it('has no ETA while it stands still or the total is not known', () => {
    const rate = new Rate();
    rate.mark(5, 0);
    rate.mark(5, 1000);
    expect(rate.etaSeconds(10)).toBeNull();
    rate.mark(6, 2000);
    expect(rate.etaSeconds(0)).toBeNull();
    expect(rate.etaSeconds(6)).toBe(0);
    expect(rate.etaSeconds(5)).toBe(0);
  });

  it('is exact at a constant speed, whatever the marks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 3, maxLength: 80 }), (steps) => {
        const rate = new Rate();
        let at = 0;
        rate.mark(0, 0);
        for (const step of steps) rate.mark(((at += step) * 3) / 1000, at);
        const measured = rate.perSecond();
        if (measured !== null) expect(measured).toBeCloseTo(3, 9);
        else expect(at).toBeLessThan(500);
      }),
    );
  });
});
