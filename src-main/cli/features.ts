import path from 'node:path';
import { findDataset, parseCommand, required, UsageError, withClient, type Command } from './command.ts';
import { printResult, writeBody } from './output.ts';

export const featuresCommand: Command = {
  usage:
    'studio features export --dataset N --stream S --csv|--npz FILE  |  studio features import --dataset N --stream S FILE',
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      dataset: { type: 'string' },
      stream: { type: 'string' },
      csv: { type: 'string' },
      npz: { type: 'string' },
    });
    const [action = 'export', file] = positionals;
    const stream = required(values.stream, '--stream');
    return withClient(values.home, async (client) => {
      const dataset = await findDataset(client, required(values.dataset, '--dataset'));
      if (action === 'import') {
        const source = path.resolve(required(file, 'FILE'));
        const result = await client.api.streams.importFile.mutate({
          dataset: dataset.id,
          stream,
          path: source,
        });
        printResult(values.json === true, result, () => [
          `${result.images} images of ${result.dataset} now have "${stream}" (${result.dimension} dimensions, ${result.version}); ${result.unknown} rows name no image of it`,
        ]);
        return 0;
      }
      if (action !== 'export') throw new UsageError(`Unknown action "${action}"`);
      if ((values.csv === undefined) === (values.npz === undefined))
        throw new UsageError('Give either --csv FILE or --npz FILE');
      const format = values.csv === undefined ? 'npz' : 'csv';
      const target = path.resolve(values.csv ?? values.npz!);
      const query = new URLSearchParams({ dataset: dataset.name, stream, format });
      await writeBody(await client.get(`/export/features?${query}`), target);
      printResult(values.json === true, { dataset: dataset.name, stream, file: target }, () => [
        `wrote ${target}`,
      ]);
      return 0;
    });
  },
};
