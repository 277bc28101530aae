import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { runCardSchema, type RunCard } from '../../src-shared/run-card.ts';
import { parseCommand, required, wholeNumber, withClient, type Command } from './command.ts';
import { printResult, say, writeBody } from './output.ts';

export const exportCommand: Command = {
  usage: 'studio export RUN --out DIR [--force]',
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      out: { type: 'string' },
      force: { type: 'boolean' },
    });
    const run = wholeNumber(positionals[0], 'RUN');
    const folder = path.resolve(required(values.out, '--out'));
    const model = path.join(folder, `run-${run}.onnx`);
    const card = path.join(folder, `run-${run}.card.json`);
    if (values.force !== true) [model, card].forEach(requireNew);
    return withClient(values.home, async (client) => {
      say(`exporting run ${run}`);
      const cardText = await (await client.get(`/export/run/${run}.card.json`)).text();
      const facts = runCardSchema.parse(JSON.parse(cardText));
      const response = await client.get(`/export/run/${run}.onnx`);
      await makeFolder(folder);
      await writePair({ model, card }, response, cardText, facts);
      const { inputs, outputs, agreement } = facts.model;
      printResult(values.json === true, { run, model, card, sha256: facts.model.sha256 }, () => [
        `wrote ${model} (${inputs.map((i) => `${i.name} [n, ${i.dimension}]`).join(', ')} to ${outputs.map((o) => o.name).join(', ')})`,
        `wrote ${card}`,
        agreement.images === 0
          ? 'not compared with the studio: the features of the run are gone'
          : `agrees with the studio within ${agreement.score.toPrecision(2)} label units on ${agreement.images} images`,
      ]);
      return 0;
    });
  },
};

function requireNew(file: string): void {
  if (!existsSync(file)) return;
  throw new StudioError('conflict', `${file} is there already`, {
    file,
    hint: 'Choose another folder, or replace it with --force.',
  });
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, folder));
  });
}

/** Writes both files beside their places and then puts them there, so that a model never stands beside another one's card. */
async function writePair(
  { model, card }: { model: string; card: string },
  response: Response,
  cardText: string,
  { model: facts }: RunCard,
): Promise<void> {
  const made = { model: `${model}.${process.pid}.new`, card: `${card}.${process.pid}.new` };
  try {
    await writeBody(response, made.model);
    const sha256 = createHash('sha256')
      .update(await readFile(made.model))
      .digest('hex');
    if (sha256 !== facts.sha256) {
      throw new StudioError('conflict', 'The run has changed while it was exported', {
        hint: 'Export it again.',
      });
    }
    await writeFile(made.card, cardText);
    await rename(made.model, model);
    await rename(made.card, card);
  } catch (error) {
    throw StudioError.fromShape(errorShape(error, error instanceof StudioError ? undefined : model));
  } finally {
    await Promise.all([rm(made.model, { force: true }), rm(made.card, { force: true })]);
  }
}

export const reportCommand: Command = {
  usage: 'studio report RUN --out FILE.html',
  async run(args) {
    const { values, positionals } = parseCommand(args, { out: { type: 'string' } });
    const run = wholeNumber(positionals[0], 'RUN');
    const file = path.resolve(required(values.out, '--out'));
    return withClient(values.home, async (client) => {
      await writeBody(await client.get(`/export/run/${run}.html`), file);
      printResult(values.json === true, { run, file }, () => [`wrote ${file}`]);
      return 0;
    });
  },
};
