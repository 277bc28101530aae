import path from 'node:path';
import type { LadderResult } from '../../src-shared/ladders.ts';
import { makeLadderDataset, type LadderSettings } from '../distortions/ladder-dataset.ts';
import type { EventHub } from './events.ts';
import type { JobControl } from './queue.ts';
import type { Scanner } from './scan.ts';

/** `folder` holds the pristine pictures, `out` gets the ladder; both absolute. */
export type LadderPayload = { folder: string; out: string } & LadderSettings;

/** Makes a ladder from a folder of pictures and imports it as a dataset. Started again it goes on where it was. */
export async function makeLadder(
  { folder, out, ...settings }: LadderPayload,
  control: JobControl,
  { scanner, events }: { scanner: Scanner; events: EventHub },
): Promise<LadderResult> {
  const started = performance.now();
  control.progress({ done: 0, total: 0, message: '1 of 2: looking at the pictures' });
  const made = await makeLadderDataset(folder, out, settings, {
    signal: control.signal,
    onProgress: (done, total) => control.progress({ done, total, message: '1 of 2: making pictures' }),
    onRefused: (file, error) => control.fail(path.join(folder, file), error),
  });
  const report = await scanner.scan(
    { folder: out, options: { name: settings.name } },
    {
      ...control,
      progress: (state) => control.progress({ ...state, message: '2 of 2: importing' }),
    },
  );
  const dataset = await scanner.import(report.scan);
  events.emit({ type: 'changed', noun: 'datasets' });
  const seconds = (performance.now() - started) / 1000;
  return { dataset: dataset.id, name: dataset.name, folder: out, ...made, seconds };
}
