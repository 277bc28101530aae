/**
 * Whether the window stays responsive while experiments train (issue 4: API p95 under 50 ms with ten queued experiments, cancel
 * within a second): an engine in a process of its own, a dataset of KonIQ's size, calls over the engine's socket, with JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import {
  percentile,
  startBusyEngine,
  timeCalls,
  timeCancel,
  type CallTime,
} from '../fixtures/busy-engine.ts';

const IMAGES = 10_073;
const RUNS = 20;
/** Rounds of eleven calls. */
const ROUNDS = 46;
const PAUSE_MS = 30;

/** Prints p50, p95 and the largest ms per procedure and over all calls (wall time, and processor time of the API's thread), and seconds of three cancellations. */
export async function benchApi(): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'biqa-api-'));
  const engine = await startBusyEngine(home, { n: IMAGES, runs: RUNS, epochs: 80 });
  try {
    const times = await timeCalls(engine, { rounds: ROUNDS, pauseMs: PAUSE_MS });
    console.log(
      `ms while one of ten experiments trains; ${IMAGES} images, ${RUNS} runs of as many predictions`,
    );
    for (const [name, values] of times) report(name, values);
    report('all calls', [...times.values()].flat());
    report('experiments.create', engine.creations);
    const [running, ...waiting] = engine.jobs;
    const cancels = [await timeCancel(engine, waiting.pop()!), await timeCancel(engine, running!)];
    console.log(
      `  seconds to cancel: one that waits ${cancels[0]!.toFixed(3)}, the one that trains ${cancels[1]!.toFixed(3)}`,
    );
    console.log(
      `  load average ${loadavg()
        .map((l) => l.toFixed(1))
        .join(', ')}`,
    );
  } finally {
    await engine.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function report(name: string, calls: readonly CallTime[]): void {
  const words = (values: readonly number[]): string => {
    const [p50, p95, most] = [0.5, 0.95, 1].map((share) => percentile(values, share).toFixed(1).padStart(6));
    return `p50 ${p50}, p95 ${p95}, max ${most}`;
  };
  const wall = words(calls.map((call) => call.wall));
  const processor = calls.flatMap((call) => call.processor ?? []);
  console.log(
    `  ${name.padEnd(24)} ${wall}` +
      (processor.length === 0 ? '' : `; processor of the API's thread ${words(processor)}`),
  );
}

if (import.meta.main) await benchApi();
