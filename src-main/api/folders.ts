import { z } from 'zod';
import { procedure, router } from './trpc.ts';

/** The server's own folder browser, confined to --root. */
export const foldersRouter = router({
  start: procedure.query(({ ctx }) => ctx.services.folders.start()),
  list: procedure
    .input(z.strictObject({ id: z.string().min(1) }))
    .query(({ ctx, input }) => ctx.services.folders.list(input.id)),
});
