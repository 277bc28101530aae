import { parseArgs, type ParseArgsConfig } from 'node:util';
import { StudioError } from '../../src-shared/errors.ts';
import { connect, unwrapApiError, type StudioClient } from './client.ts';

/** Options every command takes. */
export type GlobalOptions = { home: string | undefined; json: boolean };

/** A command: a line of usage, and what runs it; resolves to the exit code. */
export type Command = { usage: string; run(args: string[]): Promise<number> };

/** The user called a command wrongly: exit code 2, the message and the usage. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
const GLOBAL = { home: { type: 'string' }, json: { type: 'boolean' } } as const satisfies Options;

/** parseArgs with --home and --json added, and every mistake as a UsageError. */
export function parseCommand<O extends Options>(args: string[], options: O) {
  const given: Options = { ...GLOBAL, ...options };
  try {
    const { values, positionals } = parseArgs({ args, options: given, allowPositionals: true, strict: true });
    return { values: values as OptionValues<O> & { home?: string; json?: boolean }, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type OptionValues<O extends Options> = {
  [K in keyof O]?: O[K]['type'] extends 'boolean'
    ? boolean
    : O[K] extends { multiple: true }
      ? string[]
      : string;
};

/** Throws a UsageError where a required option is missing. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new UsageError(`${what} is missing`);
  return value;
}

/** A whole number, or a UsageError naming what it should have been. */
export function wholeNumber(text: string | undefined, what: string): number {
  if (text === undefined || !/^\d+$/.test(text))
    throw new UsageError(`${what} must be a whole number${text === undefined ? '' : `, not "${text}"`}`);
  return Number(text);
}

/** Runs `work` with a client and closes it; API errors come out as StudioErrors. */
export async function withClient<T>(
  home: string | undefined,
  work: (client: StudioClient) => Promise<T>,
): Promise<T> {
  const client = await connect(home);
  try {
    return await work(client);
  } catch (error) {
    throw unwrapApiError(error);
  } finally {
    await client.close();
  }
}

/** The dataset that a name or number on the command line means. */
export async function findDataset(client: StudioClient, nameOrId: string) {
  const all = await client.api.datasets.list.query();
  const found =
    all.find((d) => d.name.toLowerCase() === nameOrId.toLowerCase()) ??
    all.find((d) => String(d.id) === nameOrId);
  if (found === undefined) {
    const known =
      all.length === 0
        ? 'Import one first: studio import FOLDER.'
        : `Known: ${all.map((d) => d.name).join(', ')}.`;
    throw new StudioError('not-found', `There is no dataset "${nameOrId}"`, { hint: known });
  }
  return found;
}
