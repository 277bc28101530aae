import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { PredictedImage, PredictResult } from '../../src-shared/jobs.ts';
import { csvField } from '../../src-shared/csv-field.ts';
import {
  findDataset,
  parseCommand,
  required,
  UsageError,
  wholeNumber,
  withClient,
  type Command,
} from './command.ts';
import { figure, printResult, progressPrinter } from './output.ts';

export const predictCommand: Command = {
  usage: 'studio predict --run RUN|--model FILE.onnx IMAGE|FOLDER... [--csv FILE]',
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      run: { type: 'string' },
      model: { type: 'string' },
      csv: { type: 'string' },
    });
    if (values.run !== undefined && values.model !== undefined)
      throw new UsageError('Give --run or --model, not both');
    const scorer =
      values.model === undefined
        ? { run: wholeNumber(values.run, '--run') }
        : { model: path.resolve(values.model) };
    if (positionals.length === 0) throw new UsageError('IMAGE or FOLDER is missing');
    const paths = positionals.map((p) => path.resolve(p));
    return withClient(values.home, async (client) => {
      const { job } = await client.api.runs.predict.mutate({ ...scorer, paths });
      const result = (await client.finish(job, progressPrinter())).result as PredictResult;
      if (values.csv !== undefined) await writePredictions(path.resolve(values.csv), result.predictions);
      printResult(values.json === true, result, () => result.predictions.map(predictionLine));
      return 0;
    });
  },
};

function predictionLine({ image, prediction, prediction_std, error }: PredictedImage): string {
  if (prediction === null) return `${image}\t–\t${error?.message ?? ''}`;
  return `${image}\t${figure(prediction)}\t± ${figure(prediction_std)}`;
}

async function writePredictions(file: string, predictions: PredictedImage[]): Promise<void> {
  const lines = predictions.map(({ image, prediction, prediction_std, error }) =>
    [image, prediction ?? '', prediction_std ?? '', error?.message ?? '']
      .map((v) => csvField(String(v)))
      .join(','),
  );
  await writeFile(file, `${['image,prediction,prediction_std,error', ...lines].join('\n')}\n`).catch(
    (error: unknown) => {
      throw StudioError.fromShape(errorShape(error, file));
    },
  );
}

export const predictionsCommand: Command = {
  usage: 'studio predictions import --dataset N --name M FILE',
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      dataset: { type: 'string' },
      name: { type: 'string' },
    });
    const [action, file] = positionals;
    if (action !== 'import') throw new UsageError('The only action is "import"');
    return withClient(values.home, async (client) => {
      const dataset = await findDataset(client, required(values.dataset, '--dataset'));
      const source = path.resolve(required(file, 'FILE'));
      const run = await client.api.runs.importPredictions.mutate({
        dataset: dataset.id,
        name: required(values.name, '--name'),
        path: source,
      });
      printResult(values.json === true, { run }, () => [
        `run ${run.run}  ${run.label}: SROCC ${figure(run.metrics?.overall.srocc)} over ${run.population.n} images`,
        ...run.warnings.map((w) => `warning: ${w.message}`),
      ]);
      return 0;
    });
  },
};
