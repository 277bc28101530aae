import { analysisRouter } from './analysis.ts';
import { datasetsRouter } from './datasets.ts';
import { demoRouter } from './demo.ts';
import { encodersRouter } from './encoders.ts';
import { experimentsRouter } from './experiments.ts';
import { foldersRouter } from './folders.ts';
import { imagesRouter } from './images.ts';
import { jobsRouter } from './jobs.ts';
import { laddersRouter } from './ladders.ts';
import { runsRouter } from './runs.ts';
import { scoresRouter } from './scores.ts';
import { settingsRouter } from './settings.ts';
import { streamsRouter } from './streams.ts';
import { router } from './trpc.ts';

/** The whole API under /trpc: one router per noun. */
export const appRouter = router({
  datasets: datasetsRouter,
  images: imagesRouter,
  streams: streamsRouter,
  encoders: encodersRouter,
  experiments: experimentsRouter,
  runs: runsRouter,
  analysis: analysisRouter,
  ladders: laddersRouter,
  scores: scoresRouter,
  jobs: jobsRouter,
  folders: foldersRouter,
  demo: demoRouter,
  settings: settingsRouter,
});
/** What the window and the command line type their clients with. */
export type AppRouter = typeof appRouter;
