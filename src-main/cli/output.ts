/** What the command line prints: results on stdout, progress and messages on stderr. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { jobUnit } from '../../src-shared/jobs.ts';
import type { Job } from '../../src-shared/jobs.ts';

/** Prints one JSON value (--json), or the lines made for people. */
export function printResult(json: boolean, value: unknown, lines: () => string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines().join('\n')}\n`);
}

/** A message for the person, on stderr. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

const TERMINAL_EVERY_MS = 200;
const FILE_EVERY_MS = 5000;

/** Shows a job's progress: one rewritten line on a terminal, a line every few seconds in a log. */
export function progressPrinter(): (job: Job) => void {
  const terminal = process.stderr.isTTY === true;
  let last = -Infinity;
  return (job) => {
    const now = performance.now();
    const over = job.status !== 'running' && job.status !== 'queued';
    if (!over && now - last < (terminal ? TERMINAL_EVERY_MS : FILE_EVERY_MS)) return;
    last = now;
    const amount = (n: number) => (jobUnit(job.kind) === 'bytes' ? `${(n / 1e6).toFixed(1)} MB` : `${n}`);
    const share =
      job.total > 0
        ? `${amount(job.done)}/${amount(job.total)} (${Math.floor((100 * job.done) / job.total)} %)`
        : amount(job.done);
    const rate =
      job.rate === null
        ? ''
        : `, ${jobUnit(job.kind) === 'bytes' ? amount(job.rate) : job.rate.toFixed(1)}/s`;
    const eta = job.etaSeconds === null ? '' : `, ${duration(job.etaSeconds)} left`;
    const failed = job.failed === 0 ? '' : `, ${job.failed} failed`;
    const text = `${job.message || job.title}: ${share}${rate}${eta}${failed}`;
    if (terminal) process.stderr.write(`\r\x1b[K${text}${over ? '\n' : ''}`);
    else process.stderr.write(`${text}\n`);
  };
}

/** Seconds in words: "8 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Writes a response's body to a file that appears only when it is complete. */
export async function writeBody(response: Response, file: string): Promise<void> {
  const temporary = `${file}.${process.pid}.part`;
  try {
    await pipeline(
      Readable.fromWeb(response.body! as Parameters<typeof Readable.fromWeb>[0]),
      createWriteStream(temporary),
    );
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    // The message names the file that was asked for, not the temporary one.
    throw StudioError.fromShape(errorShape(Object.assign(error as Error, { path: file }), file));
  }
}

/** A metric with four digits, or a dash where it is undefined. */
export function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(4);
}
