import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FoldSchedule, type Work } from '../../src-main/experiments/fold-schedule.ts';

const folds = [0, 1, 2];

describe('the schedule of folds', () => {
  it('keeps a process on its fold, and gives others folds that nobody works on', () => {
    const schedule = new FoldSchedule([
      { run: 1, folds },
      { run: 2, folds },
    ]);
    expect(schedule.folds).toBe(6);
    expect(schedule.next(null)).toEqual({ run: 1, fold: 0 });
    expect(schedule.next(null)).toEqual({ run: 1, fold: 1 });
    expect(schedule.next(0)).toEqual({ run: 2, fold: 0 });
    expect(schedule.next(0)).toEqual({ run: 1, fold: 2 });
    // Everything has somebody on it: help where the most is left.
    expect(schedule.next(0)!.run).toBe(2);
  });

  it('evaluates a run as soon as its last fold is done', () => {
    const schedule = new FoldSchedule([
      { run: 1, folds: [4] },
      { run: 2, folds: [4] },
      { run: 3, folds: [] },
    ]);
    expect(schedule.next(null)).toEqual({ run: 3, fold: null });
    const first = schedule.next(null)!;
    expect(first).toEqual({ run: 1, fold: 4 });
    schedule.finish(first);
    expect(schedule.next(4)).toEqual({ run: 1, fold: null });
    expect(schedule.next(4)).toEqual({ run: 2, fold: 4 });
    expect(schedule.next(4)).toBeNull();
  });

  it('gives every fold once and every evaluation after its folds, for any number of processes', () => {
    const runs = fc.array(fc.uniqueArray(fc.nat(5), { maxLength: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        runs,
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(fc.nat(100)),
        (missing, n, picks) => {
          const schedule = new FoldSchedule(missing.map((list, run) => ({ run, folds: list })));
          const working: (Work | null)[] = Array.from({ length: n }, () => null);
          const current: (number | null)[] = working.map(() => null);
          const done: string[] = [];
          for (let steps = 0; steps < 500; steps++) {
            const at = picks.next().value! % n;
            const work = working[at];
            if (work) {
              if (work.fold === null)
                missing[work.run]!.forEach((fold) => expect(done).toContain(`${work.run}/${fold}`));
              done.push(`${work.run}/${work.fold}`);
              schedule.finish(work);
            }
            working[at] = schedule.next(current[at]!);
            current[at] = working[at]?.fold ?? current[at]!;
          }
          const all = missing.flatMap((list, run) => [...list, null].map((fold) => `${run}/${fold}`));
          expect(done.sort()).toEqual(all.sort());
        },
      ),
      { numRuns: 50 },
    );
  });
});
