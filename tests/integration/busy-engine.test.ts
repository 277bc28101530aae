/** Ten queued experiments keep the window responsive, and cancel answers at once (issue 4); figures: `npm run bench api`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  percentile,
  startBusyEngine,
  timeCalls,
  timeCancel,
  type BusyEngine,
} from '../fixtures/busy-engine.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
/** How much slower a shared machine may be: only a slip by an order of magnitude fails. */
const BUSY_MACHINE = 10;

let engine: BusyEngine;
beforeAll(async () => {
  engine = await startBusyEngine(temporary('busy'), { n: 2000, runs: 3, epochs: 2000 });
}, 120_000);
afterAll(() => engine.close());

describe('an engine that trains, with nine more experiments in its queue', { timeout: 120_000 }, () => {
  it('answers what the window asks', async () => {
    const times = await timeCalls(engine, { rounds: 10, pauseMs: 5 });
    const wall = [...times.values()].flat().map((call) => call.wall);
    expect(percentile(wall, 0.95)).toBeLessThan(BUSY_MACHINE * 50);
    const jobs = await engine.api.jobs.list.query();
    expect(jobs.map((job) => job.status).sort()).toEqual([...Array<string>(9).fill('queued'), 'running']);
  });

  it('cancels a waiting experiment and the one that trains within a second, and goes on with the next', async () => {
    const [running, next, last] = [engine.jobs[0]!, engine.jobs[1]!, engine.jobs.at(-1)!];
    expect(await timeCancel(engine, last)).toBeLessThan(1);
    expect(await timeCancel(engine, running)).toBeLessThan(1);
    expect((await engine.api.jobs.get.query({ id: next })).status).toBe('running');
    const runs = await engine.api.runs.list.query();
    expect(runs.filter((run) => run.status === 'cancelled').map((run) => run.experiment)).toHaveLength(2);
  });
});
