import path from 'node:path';
import { DEVICES } from '../../src-shared/encoders.ts';
import type {
  Device,
  DownloadResult,
  EncoderView,
  ProbeResult,
  VerifyResult,
} from '../../src-shared/encoders.ts';
import type { StudioClient } from './client.ts';
import { parseCommand, required, UsageError, withClient, type Command } from './command.ts';
import { printResult, progressPrinter, say } from './output.ts';

const ACTIONS = ['list', 'add', 'download', 'verify', 'probe', 'remove'] as const;
type Action = (typeof ACTIONS)[number];
/** What an action prints: one JSON value, or lines. */
type Printed = { value: unknown; lines: string[] };

export const encodersCommand: Command = {
  usage: `studio encoders [list | add MANIFEST.json [--model FILE.onnx] | download ID | verify ID | probe ID [--device ${DEVICES.join('|')}] | remove ID]`,
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      model: { type: 'string' },
      device: { type: 'string' },
    });
    const [action = 'list', name] = positionals;
    if (!ACTIONS.includes(action as Action)) throw new UsageError(`Unknown action "${action}"`);
    if (values.device !== undefined && !DEVICES.includes(values.device as Device))
      throw new UsageError(`--device must be one of ${DEVICES.join(', ')}`);
    if (action !== 'list') required(name, action === 'add' ? 'MANIFEST.json' : 'ID');
    return withClient(values.home, async (client) => {
      const printed = await perform(client, action as Action, name ?? '', values);
      printResult(values.json === true, printed.value, () => printed.lines);
      return 0;
    });
  },
};

async function perform(
  client: StudioClient,
  action: Action,
  name: string,
  { model, device }: { model?: string; device?: string },
): Promise<Printed> {
  const { encoders } = client.api;
  const finish = async <T>(job: number) => (await client.finish(job, progressPrinter())).result as T;
  switch (action) {
    case 'list': {
      const list = await encoders.list.query();
      for (const problem of list.problems) say(problem.message);
      return { value: list, lines: list.encoders.map(encoderLine) };
    }
    case 'add': {
      const { id, job } = await encoders.add.mutate({
        manifest: path.resolve(name),
        model: model === undefined ? null : path.resolve(model),
      });
      if (job !== null) await finish<VerifyResult>(job);
      const encoder = await encoders.get.query({ id });
      return { value: { encoder }, lines: [encoderLine(encoder)] };
    }
    case 'download': {
      const result = await finish<DownloadResult>((await encoders.download.mutate({ id: name })).job);
      const encoder = await encoders.get.query({ id: name });
      return { value: { ...result, state: encoder.state }, lines: [encoderLine(encoder)] };
    }
    case 'verify': {
      const result = await finish<VerifyResult>((await encoders.verify.mutate({ id: name })).job);
      return {
        value: result,
        lines: result.files.map((file) => `ok\t${file.path}\t${file.bytes} bytes\tsha256 ${file.sha256}`),
      };
    }
    case 'probe': {
      const { job } = await encoders.probe.mutate({ id: name, device: (device ?? 'auto') as Device });
      const result = await finish<ProbeResult>(job);
      return { value: result, lines: probeLines(result) };
    }
    case 'remove': {
      const removed = await encoders.remove.mutate({ id: name });
      return { value: removed, lines: [removed.message] };
    }
  }
}

function encoderLine({ id, state, detail, dimension, bytes, licence, title }: EncoderView): string {
  const size = bytes === null ? 'size not known' : `${(bytes / 1e6).toFixed(0)} MB`;
  return [id, state, `${dimension} numbers`, size, licence, title, ...(detail === null ? [] : [detail])].join(
    '\t',
  );
}

function probeLines({ chosen, trials }: ProbeResult): string[] {
  return trials.map(({ provider, reason, millisecondsPerCrop: ms }) =>
    [
      provider === chosen ? '*' : ' ',
      provider,
      reason,
      ...(ms === null ? [] : [`${ms.toFixed(1)} ms per crop`]),
    ].join('\t'),
  );
}
