import { z } from 'zod';
import type { ComparableRun, CrossMatrix } from '../../src-shared/analysis.ts';
import type { Run } from '../../src-shared/runs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { crossMatrix } from '../evaluation/cross-matrix.ts';
import { gateInput } from '../experiments/analyse-runs.ts';
import { loadPublished } from './published.ts';
import { runView } from './run-view.ts';
import { procedure, router, runInput } from './trpc.ts';

const run = z.number().int();
const pair = { with: run, without: run };

/** Comparison and explanation of runs. What takes long runs in the analysis thread; this thread only hands it on. */
export const analysisRouter = router({
  runs: procedure.query(({ ctx: { services } }) => comparableRuns(services.reader)),

  matrix: procedure.query(({ ctx: { services } }): CrossMatrix =>
    crossMatrix(comparableRuns(services.reader)),
  ),

  paired: procedure
    .input(z.strictObject({ run, baseline: run }))
    .query(({ ctx: { services }, input, signal }) =>
      services.analysis.ask('pairedComparison', input, signal),
    ),

  delta: procedure
    .input(z.strictObject(pair))
    .query(({ ctx: { services }, input, signal }) => services.analysis.ask('distortionDelta', input, signal)),

  gates: procedure
    .input(runInput)
    .query(({ ctx: { services }, input, signal }) => services.analysis.ask('gateAnalysis', input, signal)),

  imageGates: procedure
    .input(runInput)
    .query(({ ctx: { services }, input, signal }) => services.analysis.ask('imageGates', input, signal)),

  gateDelta: procedure
    .input(z.strictObject({ run, stream: z.string().min(1), ...pair }))
    .query(({ ctx: { services }, input, signal }) => services.analysis.ask('gateDelta', input, signal)),

  gateInputs: procedure
    .input(z.strictObject({ runs: z.array(run).max(64), stream: z.string().min(1), ...pair }))
    .query(({ ctx: { services }, input, signal }) => services.analysis.ask('gateInputs', input, signal)),

  errors: procedure
    .input(runInput)
    .query(({ ctx: { services }, input, signal }) => services.analysis.ask('errorAnalysis', input, signal)),

  logistic: procedure
    .input(runInput)
    .query(({ ctx: { services }, input, signal }) =>
      services.analysis.ask('logisticAnalysis', input, signal),
    ),

  published: procedure.query(() => loadPublished()),

  experiment: procedure
    .input(z.strictObject({ experiment: z.number().int() }))
    .query(({ ctx: { services }, input }): { experiment: number; name: string; runs: Run[] } => {
      const { id, name } = services.reader.runs.experiment(input.experiment);
      const runs = services.reader.runs.ofExperiment(id);
      return { experiment: id, name, runs: runs.map((r) => runView(services.reader, r)) };
    }),
});

/** All finished runs, newest first, with what a comparison needs. */
function comparableRuns(reader: CatalogReader): ComparableRun[] {
  const types = new Map(
    reader.datasets.names().map(({ id }) => [id, reader.datasets.distortions(id).length] as const),
  );
  return reader.runs
    .list()
    .filter((stored) => stored.status === 'done')
    .map((stored) => {
      const view = runView(reader, stored);
      const trainedOn = stored.spec === null ? null : (view.train?.name ?? view.dataset.name);
      return {
        ...view,
        gate: gateInput(stored),
        trainedOn,
        protocolKind: stored.spec?.protocol.kind ?? null,
        distortions: types.get(view.dataset.id) ?? 0,
      };
    });
}
