import type { ExtractResult } from '../../src-shared/jobs.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { findDataset, parseCommand, required, UsageError, withClient, type Command } from './command.ts';
import { duration, printResult, progressPrinter } from './output.ts';

const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'coreml', 'dml'];

export const extractCommand: Command = {
  usage: `studio extract --dataset N --streams S[,S] [--device ${DEVICES.join('|')}]`,
  async run(args) {
    const { values } = parseCommand(args, {
      dataset: { type: 'string' },
      streams: { type: 'string' },
      device: { type: 'string' },
    });
    const device = values.device ?? 'auto';
    if (!DEVICES.includes(device)) throw new UsageError(`--device must be one of ${DEVICES.join(', ')}`);
    if (device !== 'auto' && device !== 'cpu') {
      throw new StudioError('not-available', `--device ${device} is not available yet: NSS runs on the CPU`, {
        hint: 'Leave --device out.',
      });
    }
    const streams = required(values.streams, '--streams')
      .split(',')
      .map((s) => s.trim())
      .filter((s) => s !== '');
    return withClient(values.home, async (client) => {
      const dataset = await findDataset(client, required(values.dataset, '--dataset'));
      const { job } = await client.api.streams.extract.mutate({ dataset: dataset.id, streams });
      const result = (await client.finish(job, progressPrinter())).result as ExtractResult;
      printResult(values.json === true, result, () =>
        result.streams.map(
          (s) =>
            `${s.stream} (${s.version}): ${s.done} done (${s.reused} reused), ${s.failed} failed, ${duration(s.seconds)}`,
        ),
      );
      return 0;
    });
  },
};
