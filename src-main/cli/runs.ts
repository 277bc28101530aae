import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { Run } from '../../src-shared/runs.ts';
import { parseCommand, required, UsageError, wholeNumber, withClient, type Command } from './command.ts';
import { figure, printResult, progressPrinter, say, writeBody } from './output.ts';

export const runCommand: Command = {
  usage: 'studio run SPEC.json [--seed K]',
  async run(args) {
    const { values, positionals } = parseCommand(args, { seed: { type: 'string' } });
    const file = path.resolve(required(positionals[0], 'SPEC.json'));
    const spec = withSeed(
      await readSpec(file),
      values.seed === undefined ? undefined : wholeNumber(values.seed, '--seed'),
    );
    return withClient(values.home, async (client) => {
      const { experiment, runs, job } = await client.api.experiments.create.mutate({ spec });
      await client.finish(job, progressPrinter());
      const finished: Run[] = [];
      for (const run of runs) finished.push(publicRun(await client.api.runs.get.query({ run })));
      for (const warning of new Set(finished.flatMap((r) => r.warnings.map((w) => w.message))))
        say(`warning: ${warning}`);
      printResult(values.json === true, { experiment, runs: finished }, () => finished.map(runLine));
      return 0;
    });
  },
};

async function readSpec(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new StudioError('bad-input', `The spec is not JSON: ${(error as Error).message}`, {
      file,
      hint: 'Correct the file; docs/experiments.md has examples.',
    });
  }
}

/** --seed overrides training.seed; folds keep their own seed, so that seeds are compared on the same folds. */
function withSeed(spec: unknown, seed: number | undefined): unknown {
  if (seed === undefined || spec === null || typeof spec !== 'object') return spec;
  type Given = {
    training?: object;
    protocol?: { kind?: unknown } | null;
    ensemble?: { seeds?: unknown } | null;
  };
  const { training = {}, protocol, ensemble } = spec as Given;
  if (protocol?.kind === 'finetune' || ensemble?.seeds !== undefined)
    throw new UsageError('--seed: the members of this spec have seeds of their own');
  return { ...spec, training: { ...training, seed } };
}

/** RUN of the interface, without what only the Run page needs. */
function publicRun(detail: Run): Run {
  const { run, experiment, label, preset, kind, status, dataset, train, streams, protocol, population } =
    detail;
  const { folds, parts, metrics, parameters, seconds, warnings, error, createdAt, finishedAt } = detail;
  return {
    run,
    experiment,
    label,
    preset,
    kind,
    status,
    dataset,
    train,
    streams,
    protocol,
    population,
    folds,
    parts,
    metrics,
    parameters,
    seconds,
    warnings,
    error,
    createdAt,
    finishedAt,
  };
}

function runLine(run: Run): string {
  const m = run.metrics;
  if (m === null)
    return `run ${run.run}  ${run.label}: ${run.status}${run.error === null ? '' : ` (${run.error.message})`}`;
  const ci = m.ci95.srocc === undefined ? '' : ` [${figure(m.ci95.srocc[0])}, ${figure(m.ci95.srocc[1])}]`;
  const noun = m.median === undefined ? 'folds' : 'repeats';
  const folds = m.mean === null ? '' : `  ${noun} ${figure(m.mean.srocc)} ± ${figure(m.std?.srocc)}`;
  const median = m.median === undefined ? '' : `, median ${figure(m.median.srocc)}`;
  const synthetic = run.dataset.synthetic ? '  (synthetic labels)' : '';
  return `run ${run.run}  ${run.label}: SROCC ${figure(m.overall.srocc)}${ci}  PLCC ${figure(m.overall.plcc)}  KROCC ${figure(m.overall.krocc)}  RMSE ${figure(m.overall.rmse)}${folds}${median}${synthetic}`;
}

export const runsCommand: Command = {
  usage: 'studio runs [delete RUN | rename RUN LABEL]',
  async run(args) {
    const { values, positionals } = parseCommand(args, {});
    const [action, id, label] = positionals;
    return withClient(values.home, async (client) => {
      if (action === 'delete') await client.api.runs.delete.mutate({ run: wholeNumber(id, 'RUN') });
      else if (action === 'rename')
        await client.api.runs.rename.mutate({ run: wholeNumber(id, 'RUN'), label: required(label, 'LABEL') });
      else if (action !== undefined) throw new UsageError(`Unknown action "${action}"`);
      const runs = await client.api.runs.list.query();
      printResult(values.json === true, { runs }, () =>
        runs.length === 0 ? ['No runs yet: studio run SPEC.json.'] : runs.map(runLine),
      );
      return 0;
    });
  },
};

export const resultsCommand: Command = {
  usage: 'studio results RUN --csv FILE',
  async run(args) {
    const { values, positionals } = parseCommand(args, { csv: { type: 'string' } });
    const run = wholeNumber(positionals[0], 'RUN');
    const file = path.resolve(required(values.csv, '--csv'));
    return withClient(values.home, async (client) => {
      await writeBody(await client.get(`/export/run/${run}.csv`), file);
      printResult(values.json === true, { run, file }, () => [`wrote ${file}`]);
      return 0;
    });
  },
};
