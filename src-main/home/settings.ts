/** settings.json of the home: what a person has set in the window. Environment variables override it. */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import {
  megabytes,
  sizeLimitName,
  type SizeLimit,
  type SizeLimitName,
} from '../../src-shared/size-limits.ts';

const settingsFile = z.strictObject({ limits: z.partialRecord(sizeLimitName, megabytes) });
type SettingsFile = z.infer<typeof settingsFile>;

/** Variable and default of each limit: about 100,000 thumbnails of 256 px; 100,000 vectors of 1,152 values. */
const LIMITS: Record<SizeLimitName, { variable: string; default: number }> = {
  thumbnails: { variable: 'BIQA_THUMBNAIL_MB', default: 1000 },
  neighbours: { variable: 'BIQA_NEIGHBOUR_MB', default: 512 },
};

/** The settings of one home. One process writes them (the home's lock). */
export class Settings {
  readonly #file: string;
  readonly #overriding: Partial<Record<SizeLimitName, number>>;
  #stored: SettingsFile;
  #problem: string | null = null;

  /** Throws StudioError bad-input for a variable that is no size. With a file that is damaged the defaults hold, see `problem`. */
  constructor(file: string, env: NodeJS.ProcessEnv = process.env) {
    this.#file = file;
    this.#overriding = Object.fromEntries(
      sizeLimitName.options.flatMap((name) => {
        const value = overridingSize(LIMITS[name].variable, env);
        return value === null ? [] : [[name, value]];
      }),
    );
    try {
      this.#stored = readSettings(file);
    } catch (error) {
      this.#stored = { limits: {} };
      this.#problem = `${errorShape(error, file).message}. The defaults hold until a setting is changed; the file is kept then as ${path.basename(file)}.damaged-...`;
    }
  }

  /** What is wrong with the file, and what follows; null where nothing is. */
  get problem(): string | null {
    return this.#problem;
  }

  /** A limit as it holds now. */
  limit(name: SizeLimitName): Omit<SizeLimit, 'usedBytes'> {
    const overriding = this.#overriding[name];
    const set = this.#stored.limits[name] ?? null;
    return {
      ...LIMITS[name],
      set,
      megabytes: overriding ?? set ?? LIMITS[name].default,
      overridden: overriding !== undefined,
    };
  }

  /** The limit in bytes. */
  bytes(name: SizeLimitName): number {
    return this.limit(name).megabytes * 1e6;
  }

  /**
   * Stores a limit, or null for its default, whole or not at all; a damaged file is kept beside. Throws StudioError where the file can
   * not be written.
   */
  setLimit(name: SizeLimitName, value: number | null): void {
    const { stored, damaged } =
      this.#problem === null ? { stored: this.#stored, damaged: false } : this.#reread();
    const { [name]: _before, ...others } = stored.limits;
    const next: SettingsFile = { limits: value === null ? others : { ...others, [name]: value } };
    const draft = `${this.#file}.${randomBytes(6).toString('hex')}`;
    try {
      writeFileSync(draft, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
      if (damaged) renameSync(this.#file, `${this.#file}.damaged-${Date.now()}`);
      renameSync(draft, this.#file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw StudioError.fromShape(errorShape(error, this.#file));
    }
    this.#stored = next;
    this.#problem = null;
  }

  /** The file as it is now: a person may have corrected or deleted it since. Throws where it can not be read at all. */
  #reread(): { stored: SettingsFile; damaged: boolean } {
    try {
      return { stored: readSettings(this.#file), damaged: false };
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'corrupt') throw error;
      return { stored: { limits: {} }, damaged: true };
    }
  }
}

/** Whole megabytes of an environment variable; null where it is not set. */
function overridingSize(variable: string, env: NodeJS.ProcessEnv): number | null {
  const text = env[variable];
  if (text === undefined || text === '') return null;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new StudioError('bad-input', `${variable} is not a whole number of megabytes: "${text}"`, {
    hint: 'Give a number such as 1000, or leave it out.',
  });
}

function readSettings(file: string): SettingsFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { limits: {} };
    throw StudioError.fromShape(errorShape(error, file));
  }
  try {
    return settingsFile.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : errorShape(error).message;
    throw new StudioError('corrupt', `${file} can not be read: ${why}`, { file });
  }
}
