import { z } from 'zod';
import { parseExperimentSpec, runsOf, type ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import type { RunToStore } from '../catalog/runs.ts';
import { planExperiment } from '../experiments/plan.ts';
import { createExperiment, type ExperimentPayload } from '../jobs/experiment.ts';
import { procedure, router } from './trpc.ts';
import type { Services } from './services.ts';

const specInput = z.strictObject({ spec: z.unknown() });

/** Experiments: a complete default spec, a check of what would run, and the start. */
export const experimentsRouter = router({
  defaults: procedure
    .input(z.strictObject({ dataset: z.number().int(), protocolUnit: z.enum(['image', 'group']).optional() }))
    .query(({ ctx: { services }, input }): ExperimentSpec => {
      const dataset = services.reader.datasets.get(input.dataset);
      const active = services.reader.features.activeStreams(dataset.id).map((s) => s.stream);
      const unit = input.protocolUnit ?? (dataset.groups === null ? 'image' : 'group');
      return parseExperimentSpec({
        train: dataset.name,
        streams: active.length > 0 ? active : ['nss'],
        protocol: { kind: 'cv', folds: 5, seed: 42, unit },
      });
    }),

  check: procedure.input(specInput).query(({ ctx: { services }, input }) => {
    const spec = parseExperimentSpec(input.spec);
    const plan = planExperiment(services.reader, spec);
    return {
      spec,
      runs: plan.runs.map((run) => ({
        label: run.label,
        n: run.population.n,
        parameters: run.parameters ?? 0,
      })),
      secondsEstimate: plan.runs.reduce((sum, run) => sum + estimateSeconds(services, run), 0),
      warnings: distinct(plan.runs.flatMap((run) => run.warnings)),
    };
  }),

  create: procedure.input(specInput).mutation(async ({ ctx: { services }, input }) => {
    const spec = parseExperimentSpec(input.spec);
    const unfinished = findUnfinished(services, spec);
    if (unfinished !== null) return unfinished;
    const created = await createExperiment(spec, services);
    const title = `Experiment: ${spec.name}${runsOf(spec).length > 1 ? ` (${runsOf(spec).length} runs)` : ''}`;
    return {
      ...created,
      job: await services.queue.add('experiment', title, { experiment: created.experiment }),
    };
  }),
});

/** The unfinished experiment with this very spec, e.g. one that a crash interrupted: it is joined, not started twice. */
function findUnfinished(
  { reader, queue }: Services,
  spec: ExperimentSpec,
): { experiment: number; runs: number[]; job: number } | null {
  const wanted = JSON.stringify(spec);
  const experimentOf = (payload: unknown) => (payload as ExperimentPayload).experiment;
  const job = queue.findLive(
    ({ kind, payload }) =>
      kind === 'experiment' && JSON.stringify(reader.runs.experiment(experimentOf(payload)).spec) === wanted,
  );
  if (job === null) return null;
  const experiment = experimentOf(reader.jobs.get(job).payload);
  return { experiment, runs: reader.runs.ofExperiment(experiment).map((r) => r.id), job };
}

/** Weight updates of a run: folds x epochs x batches of the training side. */
function steps(run: Pick<RunToStore, 'population' | 'folds' | 'spec'>): number {
  const folds = run.folds?.count ?? 1;
  const { epochs, batch } = run.spec!.training;
  return folds * epochs * Math.ceil((run.population.n * (folds - 1)) / folds / batch);
}

/** Before this machine has trained anything: a typical laptop core, per step and parameter of the head. */
const SECONDS_PER_STEP_AND_PARAMETER = 2e-8;

/** From the newest run that was trained here, scaled by steps and parameters. */
function estimateSeconds({ reader }: Services, run: RunToStore): number {
  const measured = reader.runs
    .list()
    .find(
      (r) =>
        r.status === 'done' &&
        r.kind === 'trained' &&
        r.seconds !== null &&
        r.seconds.train > 0 &&
        r.parameters !== null,
    );
  const perUnit =
    measured === undefined
      ? SECONDS_PER_STEP_AND_PARAMETER
      : measured.seconds!.train / (steps(measured) * Math.max(1, measured.parameters!));
  return perUnit * steps(run) * Math.max(1, run.parameters ?? 0);
}

function distinct(warnings: RunWarning[]): RunWarning[] {
  return [...new Map(warnings.map((w) => [w.code, w])).values()];
}
