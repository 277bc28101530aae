import path from 'node:path';
import { DISTORTION_TYPES } from '../../src-shared/distortions.ts';
import type { LadderCheck, LadderResult, LadderType } from '../../src-shared/ladders.ts';
import {
  findDataset,
  parseCommand,
  required,
  UsageError,
  wholeNumber,
  withClient,
  type Command,
} from './command.ts';
import { duration, figure, printResult, progressPrinter } from './output.ts';

export const ladderCommand: Command = {
  usage:
    'studio ladder FOLDER [--types 1,9,10|all] [--levels 1,2,3] [--name N] [--seed K] [--out DIR]\n' +
    '       studio ladder check --run RUN --dataset N',
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      types: { type: 'string' },
      levels: { type: 'string' },
      name: { type: 'string' },
      seed: { type: 'string' },
      out: { type: 'string' },
      run: { type: 'string' },
      dataset: { type: 'string' },
    });
    // A folder of the name "check" is ./check.
    return positionals[0] === 'check' ? check(values) : make(required(positionals[0], 'FOLDER'), values);
  },
};

type Values = Partial<
  Record<'types' | 'levels' | 'name' | 'seed' | 'out' | 'run' | 'dataset' | 'home', string>
> & {
  json?: boolean;
};

async function make(folder: string, values: Values): Promise<number> {
  const input = {
    folder: { path: path.resolve(folder) },
    ...(values.types === undefined || values.types === 'all' ? {} : { types: typesOf(values.types) }),
    ...(values.levels === undefined ? {} : { levels: levelsOf(values.levels) }),
    ...(values.name === undefined ? {} : { name: values.name }),
    ...(values.seed === undefined ? {} : { seed: wholeNumber(values.seed, '--seed') }),
    ...(values.out === undefined ? {} : { out: path.resolve(values.out) }),
  };
  return withClient(values.home, async (client) => {
    const { job } = await client.api.ladders.make.mutate(input);
    const ended = await client.finish(job, progressPrinter());
    const result = ended.result as LadderResult;
    const refused = await client.api.jobs.failures.query({ id: job });
    printResult(values.json === true, { ...result, refused }, () => [
      `${result.name}: ${result.images} pictures of ${result.references} references in ${duration(result.seconds)}, in ${result.folder}`,
      ...refused.map(({ item, error }) => `left out: ${item}: ${error.message}`),
    ]);
    return 0;
  });
}

async function check(values: Values): Promise<number> {
  const run = wholeNumber(values.run, '--run');
  const name = required(values.dataset, '--dataset');
  return withClient(values.home, async (client) => {
    const dataset = await findDataset(client, name);
    const { job } = await client.api.ladders.check.mutate({ run, dataset: dataset.id });
    const result = (await client.finish(job, progressPrinter())).result as LadderCheck;
    printResult(values.json === true, result, () => [
      `run ${result.run.id} (${result.run.label}) on ${result.dataset.name}: ${result.images} pictures, ${result.source === 'heads' ? "the mean of the run's heads" : 'out-of-fold predictions'}`,
      'type  name                            right steps  SROCC   mean score per level',
      ...result.types.map(typeLine),
      `overall (${result.overall.ladders} ladders): ${percent(result.overall.rightShare)} of ${result.overall.pairs} steps in the right order, mean SROCC ${figure(result.overall.srocc)}, mean Kendall ${figure(result.overall.krocc)}`,
    ]);
    return 0;
  });
}

function typeLine({ type, name, worsens, rightShare, srocc, levels }: LadderType): string {
  const order = worsens ? `${percent(rightShare).padStart(8)}     ${figure(srocc)}` : 'levels not ordered  ';
  const scores = levels.map(({ mean }) => mean.toFixed(3)).join('  ');
  return `${type.padEnd(4)}  ${name.padEnd(30)}  ${order}  ${scores}`;
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(1)} %`;
}

/** '1,9,10' or '01,09,10' as two-digit codes. */
function typesOf(text: string): string[] {
  return text.split(',').map((part) => {
    const type = part.trim().padStart(2, '0');
    if (DISTORTION_TYPES.some((row) => row.type === type)) return type;
    throw new UsageError(`--types: there is no distortion type "${part}"; choose from 1 to 25, or "all"`);
  });
}

function levelsOf(text: string): number[] {
  return text.split(',').map((part) => {
    const level = Number(part);
    if (Number.isInteger(level) && level >= 1 && level <= 5) return level;
    throw new UsageError(`--levels: "${part}" is no level; choose from 1 to 5`);
  });
}
