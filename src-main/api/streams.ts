import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { DEVICES } from '../../src-shared/encoders.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { StreamCell, StreamFailure, StreamInfo, StreamMatrix } from '../../src-shared/streams.ts';
import type { ExtractPayload } from '../jobs/extract.ts';
import { importFeatureFile } from '../jobs/import-features.ts';
import { allStreams, NSS_INFO, requireExtractable } from '../streams/registry.ts';
import { modelDigest, sameModel } from '../streams/vision/manifest-version.ts';
import { visionStream } from '../streams/vision/vision-extractor.ts';
import { extracts } from './jobs-in-the-way.ts';
import { procedure, requireLocal, router } from './trpc.ts';
import type { Services } from './services.ts';

const cellInput = z.strictObject({ dataset: z.number().int(), stream: z.string().min(1) });

/** Streams: the matrix of what is done, extraction, failures, somebody else's features. */
export const streamsRouter = router({
  matrix: procedure.query(async ({ ctx: { services } }): Promise<StreamMatrix> => {
    const datasets = services.reader.datasets.names();
    const { streams, extractable } = await matrixStreams(services);
    const cells: StreamCell[] = [];
    for (const dataset of datasets) {
      cells.push(...cellsOf(services, dataset.id, streams, extractable));
      await setImmediate(); // counting takes its time: others have their turn between two datasets
    }
    return { streams, datasets, cells };
  }),

  extract: procedure
    .input(
      z.strictObject({
        dataset: z.number().int(),
        streams: z.array(z.string().min(1)).min(1),
        device: z.enum(DEVICES).default('auto'),
      }),
    )
    .mutation(({ ctx: { services }, input }) => startExtraction(services, input)),

  failures: procedure.input(cellInput).query(({ ctx: { services }, input }): StreamFailure[] => {
    const { features } = services.reader;
    const active = features.activeStreams(input.dataset).find((s) => s.stream === input.stream);
    if (active === undefined) return [];
    return features
      .failures(input.dataset, active)
      .map(({ image, name, error }) => ({ image, name, code: error.code, reason: error.message }));
  }),

  /** Extraction computes whatever has no feature, so it retries every failure. */
  retryFailed: procedure
    .input(cellInput)
    .mutation(({ ctx: { services }, input }) =>
      startExtraction(services, { dataset: input.dataset, streams: [input.stream], device: 'auto' }),
    ),

  importFile: procedure
    .input(
      z.strictObject({
        dataset: z.number().int(),
        stream: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dot, dash'),
        path: z.string(),
      }),
    )
    .mutation(async ({ ctx: { services, trust }, input }) => {
      requireLocal(trust);
      const result = await importFeatureFile(services, input);
      services.events.emit({ type: 'changed', noun: 'streams' });
      return result;
    }),
});

/** One row of the matrix. */
function cellsOf(
  { reader, queue }: Services,
  dataset: number,
  streams: readonly StreamInfo[],
  extractable: ReadonlySet<string>,
): StreamCell[] {
  const progress = reader.features.progress(dataset);
  const active = new Map(reader.features.activeStreams(dataset).map((s) => [s.stream, s.version]));
  return streams.map((stream) => {
    const key = { stream: stream.id, version: active.get(stream.id) ?? stream.version };
    const counts = progress(key);
    return {
      dataset,
      stream: stream.id,
      version: key.version,
      outdated: counts.done > 0 && extractable.has(stream.id) && !sameModel(key.version, stream.version),
      ...counts,
      job: stream.kind === 'imported' ? null : queue.findLive((job) => extracts(job, dataset, stream.id)),
    };
  });
}

/**
 * One stream per id: NSS, encoders that are ready or have features, imported ones. Where an id has several versions, it
 * is the one that an extraction would make now, else the newest; what a dataset holds is in its cell.
 */
async function matrixStreams({ reader, encoders }: Services): Promise<{
  streams: StreamInfo[];
  /** Ids of those whose version is what an extraction would make now. */
  extractable: Set<string>;
}> {
  const ready = (await encoders.inspectAll()).encoders.flatMap(({ manifest, stored, found }) =>
    found.state !== 'ready' || stored === null
      ? []
      : [visionStream({ manifest, digest: modelDigest(stored.files) }, stored.provider ?? 'cpu')],
  );
  const byId = new Map<string, StreamInfo>();
  for (const stream of [...allStreams(reader), ...ready]) byId.set(stream.id, stream);
  return {
    streams: [...byId.values()],
    extractable: new Set([NSS_INFO.id, ...ready.map((stream) => stream.id)]),
  };
}

/**
 * Queues an extraction. One that already covers these streams is joined (and resumed where it is paused) instead. What
 * can not be extracted (an unknown stream, an encoder without its model) is refused at once.
 */
async function startExtraction(
  { reader, queue, encoders }: Services,
  payload: Required<ExtractPayload>,
): Promise<{ job: number }> {
  const dataset = reader.datasets.get(payload.dataset);
  const vision = payload.streams.filter((stream) => stream !== NSS_INFO.id);
  for (const stream of vision) {
    requireExtractable(stream, encoders.ids());
    if ((await encoders.inspect(stream)).found.state !== 'unverified') await encoders.require(stream);
  }
  if (vision.length === 0 && payload.device !== 'auto' && payload.device !== 'cpu') {
    throw new StudioError('not-available', `NSS runs on the CPU, not on ${payload.device}`, {
      hint: 'Leave --device out.',
    });
  }
  const live = queue.findLive((job) => payload.streams.every((stream) => extracts(job, dataset.id, stream)));
  if (live === null) {
    return {
      job: await queue.add('extract', `Extract ${payload.streams.join(', ')} of ${dataset.name}`, payload),
    };
  }
  if (queue.get(live).status === 'paused') await queue.act(live, 'resume');
  return { job: live };
}
