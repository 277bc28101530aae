import { procedure, router } from './trpc.ts';

/** The demo: generated pictures through the whole pipeline. */
export const demoRouter = router({
  start: procedure.mutation(async ({ ctx: { services } }) => {
    const running = services.queue.findLive((job) => job.kind === 'demo');
    return {
      job:
        running ?? (await services.queue.add('demo', 'Demo: synthetic pictures, NSS, cross-validation', {})),
    };
  }),
});
