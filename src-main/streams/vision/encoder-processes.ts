import { availableParallelism, totalmem } from 'node:os';

/** Most encoder processes, and their share of the machine's memory. */
const MOST_PROCESSES = 4;
const MEMORY_SHARE = 1 / 4;
/** What a process takes beside the model, and the model as a multiple of its file (docs/performance.md, memory). */
const PROCESS_BYTES = 400e6;
const MODEL_FACTOR = 2.4;

/**
 * How a model of so many bytes runs on the CPU: processes, and threads of each. The threads of one run wait for each other at every layer,
 * and both wait while one core decodes, which costs a small model a quarter of its time; so several processes share the cores where
 * memory (bytes) allows.
 */
export function encoderProcesses(
  modelBytes: number,
  machine: { cores: number; memory: number } = { cores: availableParallelism(), memory: totalmem() },
): { processes: number; threads: number } {
  const { cores, memory } = machine;
  const fitting = Math.floor((MEMORY_SHARE * memory) / (PROCESS_BYTES + MODEL_FACTOR * modelBytes));
  const processes = Math.max(1, Math.min(cores, MOST_PROCESSES, fitting));
  return { processes, threads: Math.floor(cores / processes) };
}
