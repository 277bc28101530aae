import path from 'node:path';
import { z } from 'zod';
import type { NearDuplicates } from '../../src-shared/near-duplicates.ts';
import type { Run, RunPredictions } from '../../src-shared/runs.ts';
import { importPredictionsFile } from '../jobs/import-predictions.ts';
import { requireNoJobOnExperiment } from './jobs-in-the-way.ts';
import { runDetail, runView } from './run-view.ts';
import { procedure, requireLocal, router, runInput } from './trpc.ts';

const paths = z.array(z.string().min(1)).min(1);

/** Runs: results, worst images, another model's predictions, predicting new pictures. */
export const runsRouter = router({
  list: procedure.query(({ ctx: { services } }): Run[] =>
    services.reader.runs.list().map((r) => runView(services.reader, r)),
  ),

  get: procedure.input(runInput).query(({ ctx, input }) => runDetail(ctx.services.reader, input.run)),

  predictions: procedure.input(runInput).query(({ ctx: { services }, input: { run } }): RunPredictions => {
    services.reader.runs.get(run);
    const rows = services.reader.runs.predictions(run);
    return {
      run,
      image: rows.map((r) => r.image),
      name: rows.map((r) => r.name),
      mos: rows.map((r) => r.mos),
      prediction: rows.map((r) => r.prediction),
      fold: rows.map((r) => r.fold),
      distortion: rows.map((r) => r.distortion),
    };
  }),

  worst: procedure
    .input(z.strictObject({ run: z.number().int(), limit: z.number().int().min(1).max(500).default(24) }))
    .query(({ ctx, input }) => ctx.services.reader.runs.worst(input.run, input.limit)),

  /** Test images with a near-duplicate in training; null where nothing was compared (imported predictions). */
  nearDuplicates: procedure
    .input(z.strictObject({ run: z.number().int(), limit: z.number().int().min(1).max(5000).default(100) }))
    .query(({ ctx: { services }, input: { run, limit } }): NearDuplicates | null => {
      services.reader.runs.get(run);
      return services.reader.nearDuplicates.ofRun(run, limit);
    }),

  rename: procedure
    .input(z.strictObject({ run: z.number().int(), label: z.string().trim().min(1).max(200) }))
    .mutation(async ({ ctx: { services }, input }) => {
      services.reader.runs.get(input.run);
      await services.writer.renameRun(input.run, input.label);
      services.events.emit({ type: 'changed', noun: 'runs' });
    }),

  delete: procedure.input(runInput).mutation(async ({ ctx: { services }, input }) => {
    const run = services.reader.runs.get(input.run);
    requireNoJobOnExperiment(services, run.experiment);
    await services.writer.deleteRun(input.run);
    services.events.emit({ type: 'changed', noun: 'runs' });
  }),

  /** Predicts new pictures with a run, or with a model that `studio export` wrote. */
  predict: procedure
    .input(
      z.union([
        z.strictObject({ run: z.number().int(), paths }),
        z.strictObject({ model: z.string().min(1), paths }),
      ]),
    )
    .mutation(async ({ ctx: { services, trust }, input }) => {
      requireLocal(trust);
      const by =
        'model' in input ? path.basename(input.model) : `run ${services.reader.runs.get(input.run).id}`;
      return { job: await services.queue.add('predict', `Predict with ${by}`, input) };
    }),

  importPredictions: procedure
    .input(
      z.strictObject({
        dataset: z.number().int(),
        name: z.string().trim().min(1).max(200),
        path: z.string(),
      }),
    )
    .mutation(async ({ ctx: { services, trust }, input }) => {
      requireLocal(trust);
      const id = await importPredictionsFile(services, input);
      services.events.emit({ type: 'changed', noun: 'runs' });
      return runView(services.reader, services.reader.runs.get(id));
    }),
});
