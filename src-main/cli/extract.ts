import { DEVICES } from '../../src-shared/encoders.ts';
import type { Device } from '../../src-shared/encoders.ts';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { findDataset, parseCommand, required, UsageError, withClient, type Command } from './command.ts';
import { duration, printResult, progressPrinter } from './output.ts';

export const extractCommand: Command = {
  usage: `studio extract --dataset N --streams S[,S] [--device ${DEVICES.join('|')}]`,
  async run(args) {
    const { values } = parseCommand(args, {
      dataset: { type: 'string' },
      streams: { type: 'string' },
      device: { type: 'string' },
    });
    const device = values.device ?? 'auto';
    if (!DEVICES.includes(device as Device))
      throw new UsageError(`--device must be one of ${DEVICES.join(', ')}`);
    const streams = required(values.streams, '--streams')
      .split(',')
      .map((s) => s.trim())
      .filter((s) => s !== '');
    return withClient(values.home, async (client) => {
      const dataset = await findDataset(client, required(values.dataset, '--dataset'));
      const { job } = await client.api.streams.extract.mutate({
        dataset: dataset.id,
        streams,
        device: device as Device,
      });
      const result = (await client.finish(job, progressPrinter())).result as ExtractResult;
      printResult(values.json === true, result, () =>
        result.streams.flatMap((s) => [
          `${s.stream} (${s.version}): ${s.done} done (${s.reused} reused), ${s.failed} failed, ${duration(s.seconds)}`,
          ...s.notes.map((note) => `  ${note}`),
        ]),
      );
      return 0;
    });
  },
};
