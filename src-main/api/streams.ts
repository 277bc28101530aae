import { z } from 'zod';
import type { StreamCell, StreamFailure, StreamMatrix } from '../../src-shared/streams.ts';
import type { ExtractPayload } from '../jobs/extract.ts';
import { importFeatureFile } from '../jobs/import-features.ts';
import { allStreams, builtInStream } from '../streams/registry.ts';
import { procedure, requireLocal, router } from './trpc.ts';
import type { Services } from './services.ts';

const cellInput = z.strictObject({ dataset: z.number().int(), stream: z.string().min(1) });

/** Streams: the matrix of what is done, extraction, failures, somebody else's features. */
export const streamsRouter = router({
  matrix: procedure.query(({ ctx: { services } }): StreamMatrix => {
    const { reader, queue } = services;
    const datasets = reader.datasets.list();
    const streams = allStreams(reader);
    const cells = datasets.flatMap((dataset) =>
      streams.map((stream): StreamCell => {
        const key = { stream: stream.id, version: stream.version };
        return {
          dataset: dataset.id,
          stream: stream.id,
          version: stream.version,
          ...reader.features.counts(dataset.id, key),
          failed: reader.features.failureCount(dataset.id, key),
          job:
            stream.kind === 'imported' ? null : queue.findLive((job) => extracts(job, dataset.id, stream.id)),
        };
      }),
    );
    return { streams, datasets: datasets.map(({ id, name }) => ({ id, name })), cells };
  }),

  extract: procedure
    .input(z.strictObject({ dataset: z.number().int(), streams: z.array(z.string().min(1)).min(1) }))
    .mutation(({ ctx: { services }, input }) => startExtraction(services, input)),

  failures: procedure.input(cellInput).query(({ ctx: { services }, input }): StreamFailure[] => {
    const { id, version } = builtInStream(input.stream);
    return services.reader.features
      .failures(input.dataset, { stream: id, version })
      .map(({ image, name, error }) => ({ image, name, code: error.code, reason: error.message }));
  }),

  /** Extraction computes whatever has no feature, so it retries every failure. */
  retryFailed: procedure
    .input(cellInput)
    .mutation(({ ctx: { services }, input }) =>
      startExtraction(services, { dataset: input.dataset, streams: [input.stream] }),
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

function extracts(job: { kind: string; payload: unknown }, dataset: number, stream: string): boolean {
  if (job.kind !== 'extract') return false;
  const payload = job.payload as ExtractPayload;
  return payload.dataset === dataset && payload.streams.includes(stream);
}

/** Queues an extraction. One that already covers these streams is joined (and resumed where it is paused) instead. */
async function startExtraction(
  { reader, queue }: Services,
  payload: ExtractPayload,
): Promise<{ job: number }> {
  const dataset = reader.datasets.get(payload.dataset);
  payload.streams.forEach(builtInStream);
  const live = queue.findLive((job) => payload.streams.every((stream) => extracts(job, dataset.id, stream)));
  if (live === null) {
    return {
      job: await queue.add('extract', `Extract ${payload.streams.join(', ')} of ${dataset.name}`, payload),
    };
  }
  if (queue.get(live).status === 'paused') await queue.act(live, 'resume');
  return { job: live };
}
