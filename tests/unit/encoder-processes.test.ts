import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encoderProcesses } from '../../src-main/streams/vision/encoder-processes.ts';

const GB = 1e9;

describe('encoder processes side by side', () => {
  it.each([
    ['a small model, two cores', 14e6, 2, 24 * GB, 2, 1],
    ['a small model, sixteen cores: at most four processes', 14e6, 16, 128 * GB, 4, 4],
    ['a large model, where two fit', 1.7 * GB, 8, 40 * GB, 2, 4],
    ['a large model, where none fits: one, with all cores', 3.5 * GB, 8, 16 * GB, 1, 8],
    ['a single core', 14e6, 1, 8 * GB, 1, 1],
  ])('%s', (_, bytes, cores, memory, processes, threads) => {
    expect(encoderProcesses(bytes, { cores, memory })).toEqual({ processes, threads });
  });

  it('never take more threads than cores, nor, several of them, more than a quarter of the memory', () => {
    const machine = fc.record({
      cores: fc.integer({ min: 1, max: 256 }),
      memory: fc.double({ min: 1e8, max: 4e12, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.double({ min: 1, max: 2e10, noNaN: true }), machine, (bytes, { cores, memory }) => {
        const { processes, threads } = encoderProcesses(bytes, { cores, memory });
        expect(processes).toBeGreaterThanOrEqual(1);
        expect(threads).toBeGreaterThanOrEqual(1);
        expect(processes * threads).toBeLessThanOrEqual(cores);
        if (processes > 1) expect(processes * (400e6 + 2.4 * bytes)).toBeLessThanOrEqual(memory / 4);
      }),
    );
  });
});
