import { z } from 'zod';
import { THRESHOLD_ON } from '../../src-shared/folder-comparison.ts';
import type { CompareFoldersPayload } from '../jobs/compare-folders.ts';
import type { PredictPayload } from '../jobs/predict.ts';
import { scorableRuns } from './scorable-runs.ts';
import { folderInput, folderPath, procedure, router } from './trpc.ts';

const jobInput = z.strictObject({ job: z.number().int() });

/** Scores of loose pictures: a folder by itself, or two versions of the same pictures. Results are by job. */
export const scoresRouter = router({
  /** Runs to score with, and why some can not. */
  runs: procedure.query(({ ctx }) => scorableRuns(ctx.services)),

  scoreFolder: procedure
    .input(z.strictObject({ run: z.number().int(), folder: folderInput }))
    .mutation(async ({ ctx, input }) => {
      const { services } = ctx;
      const run = services.reader.runs.get(input.run);
      const payload: PredictPayload = { run: run.id, paths: [await folderPath(input.folder, ctx)] };
      return { job: await services.queue.add('predict', `Score a folder with run ${run.id}`, payload) };
    }),

  compareFolders: procedure
    .input(
      z.strictObject({
        run: z.number().int(),
        a: folderInput,
        b: folderInput,
        threshold: z
          .strictObject({ on: z.enum(THRESHOLD_ON), threshold: z.number().min(0).max(1) })
          .nullable()
          .default(null),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { services } = ctx;
      const run = services.reader.runs.get(input.run);
      const payload: CompareFoldersPayload = {
        run: run.id,
        a: await folderPath(input.a, ctx),
        b: await folderPath(input.b, ctx),
        threshold: input.threshold,
      };
      const title = `Compare two folders with run ${run.id}`;
      return { job: await services.queue.add('compare-folders', title, payload) };
    }),

  /** The pictures and scores of a finished scoring job. */
  result: procedure
    .input(jobInput)
    .query(({ ctx: { services }, input }) => services.results.prediction(input.job)),

  comparison: procedure
    .input(jobInput)
    .query(({ ctx: { services }, input }) => services.results.comparison(input.job)),
});
