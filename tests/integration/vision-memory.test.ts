/** Memory of engine and encoder process over an extraction of many pictures; 10,000 of them with BIQA_LARGE=1. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encoderProcesses, residentMemory } from '../fixtures/encoder-processes.ts';
import { writeSmallEncoder } from '../fixtures/onnx-encoder.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import { featuresIn, startStudio, studio, temporaryFolders } from '../fixtures/studio-process.ts';

const IMAGES = process.env['BIQA_LARGE'] === '1' ? 10_000 : 2_000;
/** By then every buffer, thread and cache there is has been made; how often the allocator reuses them is still open. */
const SETTLED = 1_000;
/** What docs/performance.md promises: the whole of an encoder process beside its model, and how much more each process
 *  may take after the first thousand pictures. */
const ENCODER_BOUND = 650e6;
const GROWTH_BOUND = { engine: 64e6, encoder: 256e6 };
/** How much more the second half of 10,000 pictures may take than the first: nothing but noise. */
const FLAT = 32e6;

type Sample = { done: number; engine: number; encoder: number };
const temporary = temporaryFolders();

// Other processes' memory is read from /proc.
describe.skipIf(process.platform !== 'linux')('memory', { timeout: 300_000 }, () => {
  it('does not grow with the number of pictures', async () => {
    const home = temporary('home');
    const data = temporary('data');
    const folder = path.join(data, 'rated');
    await makeSmallDataset(folder, { images: IMAGES, width: 96, height: 72 });
    const run = async (...args: string[]) => {
      const { code, stderr } = await studio(args, { home });
      expect([code, stderr]).toEqual([0, expect.any(String)]);
    };
    await run('import', folder, '--name', 'many', ...SMALL_DATASET_FLAGS);
    const { id, manifest, model } = writeSmallEncoder(data);
    await run('encoders', 'add', manifest, '--model', model);

    const extracting = startStudio(['extract', '--dataset', 'many', '--streams', id, '--device', 'cpu'], {
      home,
    });
    const samples: Sample[] = [];
    const started = performance.now();
    while (extracting.child.exitCode === null) {
      const [child] = encoderProcesses(extracting.child.pid!);
      if (child !== undefined) {
        const [engine, encoder] = [residentMemory(extracting.child.pid!), residentMemory(child)];
        const done = featuresIn(home);
        if (engine > 0 && encoder > 0) samples.push({ done, engine, encoder });
      }
      await sleep(50);
    }
    expect((await extracting.ended).code).toBe(0);
    const seconds = (performance.now() - started) / 1000;

    const peak = (which: 'engine' | 'encoder', from: number, to: number): number => {
      const within = samples.filter(({ done }) => done > from && done <= to);
      expect(within.length).toBeGreaterThan(3);
      return Math.max(...within.map((sample) => sample[which]));
    };
    for (const which of ['engine', 'encoder'] as const) {
      const [early, late] = [peak(which, 0, SETTLED), peak(which, SETTLED, IMAGES)];
      console.log(
        `${which}: peak ${(early / 1e6).toFixed(0)} MB up to picture ${SETTLED}, then ${(late / 1e6).toFixed(0)} MB`,
      );
      expect(late - early).toBeLessThan(GROWTH_BOUND[which]);
      if (IMAGES < 10_000) continue;
      const [first, second] = [peak(which, 0, IMAGES / 2), peak(which, IMAGES / 2, IMAGES)];
      console.log(
        `${which}: first half ${(first / 1e6).toFixed(0)} MB, second half ${(second / 1e6).toFixed(0)} MB`,
      );
      expect(second - first).toBeLessThan(FLAT);
    }
    expect(peak('encoder', 0, IMAGES)).toBeLessThan(ENCODER_BOUND);
    console.log(`${IMAGES} pictures in ${seconds.toFixed(1)} s, ${samples.length} samples`);
  });
});
