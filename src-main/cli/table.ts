import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { experimentTable } from '../../src-shared/experiment-table.ts';
import { formatTable, type TableFormat } from '../../src-shared/table.ts';
import { parseCommand, UsageError, wholeNumber, withClient, type Command } from './command.ts';
import { printResult } from './output.ts';

const FORMATS: readonly TableFormat[] = ['csv', 'markdown', 'latex', 'tsv'];

export const tableCommand: Command = {
  usage: 'studio table EXPERIMENT --format csv|markdown|latex [--out FILE]',
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      format: { type: 'string' },
      out: { type: 'string' },
    });
    const experiment = wholeNumber(positionals[0], 'EXPERIMENT');
    const format = FORMATS.find((known) => known === (values.format ?? 'markdown'));
    if (format === undefined) throw new UsageError(`--format must be one of ${FORMATS.join(', ')}`);
    return withClient(values.home, async (client) => {
      const { name, runs } = await client.api.analysis.experiment.query({ experiment });
      const forPeople = format === 'markdown' || format === 'latex';
      const text = formatTable(experimentTable(name, runs, forPeople ? 'print' : 'data'), format);
      const file = values.out === undefined ? null : path.resolve(values.out);
      if (file !== null) await write(file, text);
      printResult(
        values.json === true,
        { experiment, format, file, ...(file === null ? { text } : {}) },
        () => [file === null ? text.trimEnd() : `wrote ${file}`],
      );
      return 0;
    });
  },
};

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
}
