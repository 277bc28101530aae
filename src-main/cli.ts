#!/usr/bin/env node
/** The `studio` command: finds the command, runs it, and turns errors into messages and exit codes. */
import { errorShape } from '../src-shared/errors.ts';
import { nearest } from '../src-shared/experiment-spec.ts';
import { STUDIO_VERSION } from '../src-shared/version.ts';
import { COMMANDS } from './cli/commands.ts';
import { UsageError } from './cli/command.ts';
import { say } from './cli/output.ts';

const EXIT = { done: 0, failed: 1, usage: 2, cancelled: 130 } as const;

function help(): string {
  const lines = Object.values(COMMANDS).map((c) => `  ${c.usage}`);
  return [`BIQA Studio ${STUDIO_VERSION}`, 'Every command takes --home DIR and --json.', ...lines].join('\n');
}

async function main(argv: string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${STUDIO_VERSION}\n`);
    return EXIT.done;
  }
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${help()}\n`);
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const command = COMMANDS[name];
  if (command === undefined) {
    const near = nearest(name, Object.keys(COMMANDS));
    say(`Unknown command "${name}".${near === null ? '' : ` Did you mean "${near}"?`} See: studio help`);
    return EXIT.usage;
  }
  if (args.includes('--help')) {
    process.stdout.write(`${command.usage}\n`);
    return EXIT.done;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      say(`${error.message}\nUsage: ${command.usage}`);
      return EXIT.usage;
    }
    const shape = errorShape(error);
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ error: shape })}\n`);
    const where = shape.file === undefined || shape.message.includes(shape.file) ? '' : ` (${shape.file})`;
    say(`${shape.message}${where}${shape.hint === undefined ? '' : `\n${shape.hint}`}`);
    return shape.code === 'cancelled' ? EXIT.cancelled : EXIT.failed;
  }
}

process.exitCode = await main(process.argv.slice(2));
