import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { THRESHOLD_ON, type FolderComparison, type ThresholdOn } from '../../src-shared/folder-comparison.ts';
import { parseCommand, UsageError, wholeNumber, withClient, type Command } from './command.ts';
import { printResult, progressPrinter, say, writeBody } from './output.ts';

/** Exit code where a threshold that the user set is exceeded. */
const EXCEEDED = 3;
/** Pairs that the text output names. */
const NAMED = 10;

export const compareFoldersCommand: Command = {
  usage:
    'studio compare-folders A B --run RUN [--threshold X] [--threshold-on mean|median|worst] [--out REPORT.html] [--csv FILE]',
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      run: { type: 'string' },
      threshold: { type: 'string' },
      'threshold-on': { type: 'string' },
      out: { type: 'string' },
      csv: { type: 'string' },
    });
    const run = wholeNumber(values.run, '--run');
    const [a, b] = positionals;
    if (a === undefined || b === undefined || positionals.length > 2)
      throw new UsageError('Two folders are compared: A (before) and B (after)');
    const threshold = thresholdOf(values.threshold, values['threshold-on']);
    const files = { html: values.out, csv: values.csv };
    // Fails before the work and not after it where a report can not be written.
    for (const file of Object.values(files))
      if (file !== undefined) await requireWritable(path.resolve(file));
    return withClient(values.home, async (client) => {
      const { job } = await client.api.scores.compareFolders.mutate({
        run,
        a: { path: path.resolve(a) },
        b: { path: path.resolve(b) },
        threshold,
      });
      const result = (await client.finish(job, progressPrinter())).result as FolderComparison;
      for (const [format, file] of Object.entries(files)) {
        if (file === undefined) continue;
        await writeBody(await client.get(`/export/comparison/${job}.${format}`), path.resolve(file));
      }
      printResult(values.json === true, result, () => comparisonLines(result));
      say(verdictLine(result));
      return result.threshold?.exceeded === true ? EXCEEDED : 0;
    });
  },
};

function thresholdOf(
  text: string | undefined,
  on: string | undefined,
): { on: ThresholdOn; threshold: number } | null {
  const known = on === undefined ? 'mean' : THRESHOLD_ON.find((one) => one === on);
  if (known === undefined) throw new UsageError(`--threshold-on is one of ${THRESHOLD_ON.join(', ')}`);
  if (text === undefined) {
    if (on !== undefined) throw new UsageError('--threshold-on needs --threshold');
    return null;
  }
  const threshold = text.trim() === '' ? NaN : Number(text);
  if (!(threshold >= 0 && threshold <= 1))
    throw new UsageError(`--threshold is a drop between 0 and 1 (0.02: 2 % of the scale), not "${text}"`);
  return { on: known, threshold };
}

/** Throws StudioError where the file can not be written; makes nothing that was not there. */
async function requireWritable(file: string): Promise<void> {
  const probe = `${file}.${process.pid}.probe`;
  try {
    await writeFile(probe, '');
  } catch (error) {
    throw StudioError.fromShape(errorShape(Object.assign(error as Error, { path: file }), file));
  }
  await rm(probe, { force: true });
}

function comparisonLines({ summary: s, counts, pairs }: FolderComparison): string[] {
  const ci = (range: readonly [number, number] | null) =>
    range === null ? '' : ` [${signed(range[0])}, ${signed(range[1])}]`;
  const worse = pairs.filter(({ difference }) => difference !== null && difference < 0);
  return [
    `${counts.compared} of ${counts.pairs} pairs compared; ${counts.only_a} only in A, ${counts.only_b} only in B`,
    `mean difference B - A    ${signed(s.mean)}${ci(s.mean_ci95)}`,
    `median difference        ${signed(s.median)}${ci(s.median_ci95)}`,
    `worse ${s.worse}, better ${s.better}, equal ${s.equal}${s.wilcoxon === null ? '' : `; Wilcoxon p = ${s.wilcoxon.p.toPrecision(3)}`}`,
    ...worse.slice(0, NAMED).map(({ name, difference }) => `  ${signed(difference!)}  ${name}`),
    ...(worse.length > NAMED ? [`  and ${worse.length - NAMED} more`] : []),
  ];
}

function verdictLine({ threshold, summary, counts }: FolderComparison): string {
  const failed = counts.failed === 0 ? '' : ` ${counts.failed} pairs could not be scored.`;
  if (threshold === null)
    return `Mean difference ${signed(summary.mean)} over ${summary.n} pairs; no threshold was given.${failed}`;
  const { on, value, threshold: limit, exceeded } = threshold;
  return `${exceeded ? 'WORSE' : 'OK'}: ${on} difference ${signed(value)}, allowed down to ${signed(-limit)}.${failed}`;
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
