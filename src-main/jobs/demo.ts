import type { DemoResult } from '../../src-shared/jobs.ts';
import { parseExperimentSpec, type ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { makeDemoDataset } from '../distortions/demo-dataset.ts';
import { createExperiment, runExperiment } from './experiment.ts';
import { extractStreams } from './extract.ts';
import type { Encoders } from '../streams/vision/encoders.ts';
import type { EventHub } from './events.ts';
import type { JobControl } from './queue.ts';
import type { Scanner } from './scan.ts';

type Parts = {
  reader: CatalogReader;
  writer: CatalogWriter;
  events: EventHub;
  scanner: Scanner;
  encoders: Encoders;
  catalogFile: string;
  demoFolder: string;
};

/** Says "synthetic" wherever the dataset's name shows. */
const DATASET = 'Demo (synthetic)';

/** The whole pipeline on generated pictures: make, import, extract NSS, cross-validate by reference image. Resumable. */
export async function runDemo(
  _payload: Record<string, never>,
  control: JobControl,
  parts: Parts,
): Promise<DemoResult> {
  control.progress({ done: 0, total: 0, message: '1 of 4: making pictures' });
  await makeDemoDataset(parts.demoFolder, {
    signal: control.signal,
    onProgress: (done, total) => control.progress({ done, total, message: '1 of 4: making pictures' }),
  });
  const stage = (n: number, what: string): JobControl => ({
    ...control,
    progress: (state) => control.progress({ ...state, message: `${n} of 4: ${what}` }),
  });

  const report = await parts.scanner.scan(
    { folder: parts.demoFolder, options: { name: DATASET } },
    stage(2, 'importing'),
  );
  const dataset = await parts.scanner.import(report.scan);
  parts.events.emit({ type: 'changed', noun: 'datasets' });

  await extractStreams({ dataset: dataset.id, streams: ['nss'] }, stage(3, 'extracting NSS features'), parts);
  parts.events.emit({ type: 'changed', noun: 'streams' });

  const spec = demoSpec(dataset.name);
  const experiment = findExperiment(parts.reader, spec) ?? (await createExperiment(spec, parts)).experiment;
  const { runs } = await runExperiment({ experiment }, stage(4, 'training and evaluating, 5 folds'), parts);
  return { dataset: dataset.id, experiment, run: runs[0]! };
}

function demoSpec(dataset: string): ExperimentSpec {
  return parseExperimentSpec({
    name: 'NSS on the synthetic demo',
    train: dataset,
    streams: ['nss'],
    protocol: { kind: 'cv', folds: 5, seed: 42, unit: 'group' },
  });
}

/** The demo's experiment from an earlier attempt, so that a restarted demo does not train again. */
function findExperiment(reader: CatalogReader, spec: ExperimentSpec): number | null {
  const wanted = JSON.stringify(spec);
  const run = reader.runs
    .list()
    .find((r) => r.experiment !== null && JSON.stringify(r.spec) === wanted && r.status !== 'failed');
  return run?.experiment ?? null;
}
