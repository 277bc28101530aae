import { StudioError } from '../../src-shared/errors.ts';
import type { LadderCheck } from '../../src-shared/ladders.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { followLadders, type Rung } from '../evaluation/ladders.ts';
import { streamKeys } from '../experiments/plan.ts';
import { requireHeads } from '../experiments/run-heads.ts';
import { averageHeads } from '../fusion/average-heads.ts';
import { openExtractor } from '../streams/extractor.ts';
import type { Encoders } from '../streams/vision/encoders.ts';
import { providerOfVersion } from '../streams/vision/manifest-version.ts';
import { NSS_INFO } from '../streams/registry.ts';
import { extractStreams } from './extract.ts';
import { notComputable } from './loose-features.ts';
import { predictVectors } from './predict.ts';
import type { JobControl } from './queue.ts';

export type LadderCheckPayload = { run: number; dataset: number };
type Parts = { reader: CatalogReader; writer: CatalogWriter; encoders: Encoders };

/**
 * Scores a dataset with levels and says whether the scores follow the levels. On the run's own dataset these are its
 * out-of-fold predictions; on another one its heads' mean, after extracting what is missing. Stores no score.
 * Throws StudioError bad-input (no levels, no heads), not-available (a stream that cannot be computed here).
 */
export async function checkLadders(
  { run: id, dataset }: LadderCheckPayload,
  control: JobControl,
  parts: Parts,
): Promise<LadderCheck> {
  const { reader } = parts;
  const run = reader.runs.get(id);
  const target = reader.datasets.get(dataset);
  const trained = reader.datasets.get(run.dataset);
  requireLevels(reader, dataset);
  const own = run.dataset === dataset;
  const rungs = own ? storedRungs(reader, run) : await scoredRungs(run, dataset, control, parts);
  if (rungs.length === 0) {
    throw new StudioError('bad-input', `Run ${id} has no score for any rung of "${target.name}"`, {
      hint: 'Wait for the run to finish, or choose another.',
    });
  }
  return {
    run: { id, label: run.label },
    dataset: { id: dataset, name: target.name },
    source: own ? 'out-of-fold' : 'heads',
    scale: trained.scale,
    images: rungs.length,
    streams: Object.keys(rungs[0]!.gates),
    ...followLadders(rungs, trained.scale.better === 'higher' ? 1 : -1),
  };
}

function requireLevels(reader: CatalogReader, dataset: number): void {
  if (reader.datasets.levels(dataset).length > 1 && reader.datasets.distortions(dataset).length > 0) return;
  throw new StudioError('bad-input', `"${reader.datasets.get(dataset).name}" has no distortion levels`, {
    hint: 'Make a ladder of your own pictures: studio ladder FOLDER.',
  });
}

/** The run's own out-of-fold predictions and gates. */
function storedRungs(reader: CatalogReader, run: StoredRun): Rung[] {
  const gates = Map.groupBy(reader.runs.gates(run.id), ({ image }) => image);
  return reader.runs.predictions(run.id).flatMap((row): Rung[] =>
    row.level === null || row.group === null
      ? []
      : [
          {
            image: row.image,
            reference: row.group,
            distortion: row.distortion,
            level: row.level,
            score: row.prediction,
            gates: Object.fromEntries((gates.get(row.image) ?? []).map(({ stream, gate }) => [stream, gate])),
          },
        ],
  );
}

/** The mean of the run's heads, over the images that have every stream and a place on a ladder. */
async function scoredRungs(
  run: StoredRun,
  dataset: number,
  control: JobControl,
  parts: Parts,
): Promise<Rung[]> {
  requireHeads(run);
  const { reader } = parts;
  for (const key of streamKeys(run)) await completeStream(key, run.id, dataset, control, parts);
  const rows = reader.population
    .described(dataset, streamKeys(run))
    .filter((row) => row.level !== null && row.group !== null);
  if (rows.length === 0) return [];
  control.progress({ done: 0, total: 0, message: 'scoring' });
  const streams = run.streams.map((key) => ({ id: key.stream, ...reader.population.matrix(rows, key) }));
  const { predictions, gates } = averageHeads(
    await predictVectors(run, streams, rows.length, control, reader),
  );
  return rows.map((row, i) => ({
    image: row.id,
    reference: row.group!,
    distortion: row.distortion,
    level: row.level!,
    score: predictions[i]!,
    gates: Object.fromEntries(Object.entries(gates).map(([stream, values]) => [stream, values[i]!] as const)),
  }));
}

/** Extracts what the dataset lacks of a stream, in the very version that the run was trained on. */
async function completeStream(
  key: { stream: string; version: string },
  run: number,
  dataset: number,
  control: JobControl,
  parts: Parts,
): Promise<void> {
  if (parts.reader.features.pending(dataset, key).length === 0) return;
  const device = providerOfVersion(key.version) ?? 'cpu';
  const computable = key.stream === NSS_INFO.id || providerOfVersion(key.version) !== null;
  if (!computable) throw notComputable(`Run ${run}`, key);
  const { encoders } = parts;
  const extractor = await openExtractor(key.stream, { device, encoders, signal: control.signal });
  const { version } = extractor.info;
  await extractor.close();
  if (version !== key.version) throw notComputable(`Run ${run}`, key, `: it is ${version} now`);
  await extractStreams({ dataset, streams: [key.stream], device }, control, parts);
}
