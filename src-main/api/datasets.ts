import { z } from 'zod';
import { importOptions, type DatasetDetail } from '../../src-shared/dataset.ts';
import { requireNoJobOnDataset } from './jobs-in-the-way.ts';
import { folderInput, folderPath, idInput, procedure, router } from './trpc.ts';

/** Datasets: list, scan a folder, import what the scan found, rename, delete. */
export const datasetsRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.reader.datasets.list()),

  get: procedure.input(idInput).query(({ ctx, input: { id } }): DatasetDetail => {
    const { datasets } = ctx.services.reader;
    return {
      ...datasets.get(id),
      labels: datasets.labels(id),
      distortions: datasets.distortions(id),
      levels: datasets.levels(id),
      notes: datasets.notes(id),
      observed: datasets.observed(id),
      histogram: datasets.histogram(id),
    };
  }),

  scan: procedure
    .input(z.strictObject({ folder: folderInput, options: importOptions.default({}) }))
    .mutation(async ({ ctx, input }) => {
      const folder = await folderPath(input.folder, ctx);
      return {
        job: await ctx.services.queue.add('scan', `Scan ${folder}`, { folder, options: input.options }),
      };
    }),

  import: procedure
    .input(z.strictObject({ scan: z.string(), name: z.string().trim().min(1).max(120).optional() }))
    .mutation(async ({ ctx: { services }, input }) => {
      const dataset = await services.scanner.import(input.scan, input.name);
      services.events.emit({ type: 'changed', noun: 'datasets' });
      services.events.emit({ type: 'changed', noun: 'streams' });
      return dataset;
    }),

  rename: procedure
    .input(z.strictObject({ id: z.number().int(), name: z.string().trim().min(1).max(120) }))
    .mutation(async ({ ctx: { services }, input }) => {
      services.reader.datasets.get(input.id);
      await services.writer.renameDataset(input.id, input.name);
      services.events.emit({ type: 'changed', noun: 'datasets' });
      return services.reader.datasets.get(input.id);
    }),

  deletionImpact: procedure
    .input(idInput)
    .query(({ ctx, input }) => ctx.services.reader.datasets.deletionImpact(input.id)),

  delete: procedure.input(idInput).mutation(async ({ ctx: { services }, input }) => {
    services.reader.datasets.get(input.id);
    requireNoJobOnDataset(services, input.id);
    await services.writer.deleteDataset(input.id);
    for (const noun of ['datasets', 'streams', 'runs'] as const)
      services.events.emit({ type: 'changed', noun });
  }),
});
