/** The engine's log: JSON lines in the home's logs folder, five files of at most 5 MB. */
import { mkdirSync } from 'node:fs';
import { createStream } from 'rotating-file-stream';
import { errorShape } from '../../src-shared/errors.ts';
import type { Home } from './home.ts';

/** What a log line may carry beside its message; an Error becomes its plain form. */
export type LogFields = Record<string, unknown>;

/** One line per call: {time, level, message, ...fields}. Secrets are blanked, see `redacted`. */
export type Log = {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Resolves when every line is on the disk. */
  close(): Promise<void>;
};

const SECRET_FIELD = /token|cookie|authorization|secret|password/i;
const SECRET_IN_TEXT =
  /((?:token|cookie|authorization|secret|password)["']?\s*[=:]\s*["']?(?:bearer\s+)?)[^\s"'&;,]+/gi;

/** A value as it may be written to the log: secrets blanked in field names, URLs and header-like text. */
export function redacted(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(SECRET_IN_TEXT, '$1[redacted]');
  if (value instanceof Error) return redacted({ ...errorShape(value), stack: value.stack });
  if (Array.isArray(value)) return value.map(redacted);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        SECRET_FIELD.test(key) ? '[redacted]' : redacted(inner),
      ]),
    );
  }
  return value;
}

/** Opens (and makes) the log of a home. A full disk must not stop the engine, so write errors go to stderr once. */
export function openLog(home: Home): Log {
  mkdirSync(home.logs, { recursive: true, mode: 0o700 });
  const stream = createStream((index) => (index ? `engine.${String(index)}.log` : 'engine.log'), {
    path: home.logs,
    size: '5M',
    rotate: 4, // beside the current file
    mode: 0o600,
  });
  let told = false;
  stream.on('error', (error) => {
    if (!told) process.stderr.write(`The log in ${home.logs} cannot be written: ${error.message}\n`);
    told = true;
  });
  const write = (level: string, message: string, fields: LogFields = {}) => {
    const line = {
      ...(redacted(fields) as LogFields),
      time: new Date().toISOString(),
      level,
      message: redacted(message),
    };
    stream.write(`${JSON.stringify(line)}\n`);
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}
