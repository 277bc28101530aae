import { z } from 'zod';
import { JOB_ACTIONS } from '../../src-shared/jobs.ts';
import { idInput, procedure, router } from './trpc.ts';

/** Jobs: the drawer's list and actions. */
export const jobsRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.queue.list()),
  get: procedure.input(idInput).query(({ ctx, input }) => ctx.services.queue.get(input.id)),
  failures: procedure.input(idInput).query(({ ctx, input }) => ctx.services.queue.failures(input.id)),
  act: procedure
    .input(z.strictObject({ id: z.number().int(), action: z.enum(JOB_ACTIONS) }))
    .mutation(({ ctx, input }) => ctx.services.queue.act(input.id, input.action)),
  clearFinished: procedure.mutation(({ ctx }) => ctx.services.queue.clearFinished()),
});
