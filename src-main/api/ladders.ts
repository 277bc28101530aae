import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DISTORTION_TYPES } from '../../src-shared/distortions.ts';
import type { LadderFolder } from '../../src-shared/ladders.ts';
import { measureSources } from '../distortions/ladder-sources.ts';
import type { LadderPayload } from '../jobs/ladder.ts';
import { folderInput, folderPath, procedure, requireLocal, router } from './trpc.ts';

const TYPES = DISTORTION_TYPES.map(({ type }) => type);

/** What to make: two-digit types and levels, all of them unless said otherwise; `out` is for the command line. */
const ladderInput = z.strictObject({
  folder: folderInput,
  types: z.array(z.enum(TYPES)).min(1).default(TYPES),
  levels: z.array(z.number().int().min(1).max(5)).min(1).default([1, 2, 3, 4, 5]),
  name: z.string().trim().min(1).max(120).optional(),
  seed: z.number().int().min(0).default(1),
  out: z.string().min(1).optional(),
});

/** Ladders: making one from pristine pictures, checking a run along the ladders of a dataset. */
export const laddersRouter = router({
  folder: procedure
    .input(z.strictObject({ folder: folderInput }))
    .query(async ({ ctx, input }): Promise<LadderFolder> => {
      const { ladders, folder } = ctx.services.home;
      const { bavail, bsize } = await statfs(folder);
      return {
        ...(await measureSources(await folderPath(input.folder, ctx), ladders)),
        freeBytes: bavail * bsize,
      };
    }),

  make: procedure.input(ladderInput).mutation(async ({ ctx, input }) => {
    const { services, trust } = ctx;
    if (input.out !== undefined) requireLocal(trust);
    const folder = await folderPath(input.folder, ctx);
    const name = input.name ?? `${path.basename(folder) || 'pictures'} ladder`;
    const payload: LadderPayload = {
      folder,
      out: input.out ?? path.join(services.home.ladders, folderName(name)),
      name,
      types: [...new Set(input.types)].sort(),
      levels: [...new Set(input.levels)].sort((a, b) => a - b),
      seed: input.seed,
    };
    return { job: await services.queue.add('ladder', `Ladder "${name}"`, payload) };
  }),

  check: procedure
    .input(z.strictObject({ run: z.number().int(), dataset: z.number().int() }))
    .mutation(async ({ ctx: { services }, input }) => {
      const { label } = services.reader.runs.get(input.run);
      const { name } = services.reader.datasets.get(input.dataset);
      return { job: await services.queue.add('ladder-check', `Check "${label}" on "${name}"`, input) };
    }),
});

/** A dataset's name as a folder's: no separators, no leading dots. */
function folderName(name: string): string {
  return name.replace(/[^\p{L}\p{N} _-]+/gu, '-').trim() || 'ladder';
}
