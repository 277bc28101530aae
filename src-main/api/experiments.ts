import { z } from 'zod';
import { parseExperimentSpec, runsOf, type ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import { EXPERIMENT_TEMPLATES, type FilledTemplate } from '../../src-shared/experiment-templates.ts';
import type { DatasetSummary } from '../../src-shared/dataset.ts';
import { estimateSeconds } from '../experiments/estimate.ts';
import { planExperiment } from '../experiments/plan.ts';
import { createExperiment, type ExperimentPayload } from '../jobs/experiment.ts';
import { requireNoExtraction } from './jobs-in-the-way.ts';
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

  /** The paper's tables and figures, filled in for these datasets with the streams that all of them have. */
  templates: procedure
    .input(
      z.strictObject({
        train: z.number().int(),
        test: z.number().int().nullable().default(null),
        preset: z.enum(['studio', 'paper']).default('studio'),
      }),
    )
    .query(({ ctx: { services }, input }): TemplateView[] => {
      const train = services.reader.datasets.get(input.train);
      const test = input.test === null ? null : services.reader.datasets.get(input.test);
      return EXPERIMENT_TEMPLATES.map(({ fill, ...facts }) => {
        const second = facts.twoDatasets ? test : null;
        const used = second === null ? [train] : [train, second];
        const filled = fill({
          train: train.name,
          test: second?.name ?? null,
          groups: (second ?? train).groups !== null,
          streams: sharedStreams(services, used),
          preset: input.preset,
        });
        return { ...facts, ...filled };
      });
    }),

  check: procedure.input(specInput).query(({ ctx: { services }, input }) => {
    const spec = parseExperimentSpec(input.spec);
    const plan = planExperiment(services.reader, spec);
    return {
      spec,
      runs: plan.runs.map(({ run }) => ({
        label: run.label,
        n: run.population.n,
        parameters: run.parameters ?? 0,
      })),
      secondsEstimate: estimateSeconds(services.reader, plan),
      warnings: distinct(plan.runs.flatMap(({ run }) => run.warnings)),
    };
  }),

  create: procedure.input(specInput).mutation(async ({ ctx: { services }, input }) => {
    const spec = parseExperimentSpec(input.spec);
    const unfinished = findUnfinished(services, spec);
    if (unfinished !== null) return unfinished;
    requireNoExtraction(services, spec);
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

/** A template with its spec for the chosen datasets (null where nothing of it can run). */
type TemplateView = Omit<(typeof EXPERIMENT_TEMPLATES)[number], 'fill'> & FilledTemplate;

/** Streams that every one of the datasets has in the same version. */
function sharedStreams({ reader }: Services, datasets: readonly DatasetSummary[]): string[] {
  const [first, ...others] = datasets.map(({ id }) => reader.features.activeStreams(id));
  return first!
    .filter(({ stream, version }) =>
      others.every((list) => list.some((s) => s.stream === stream && s.version === version)),
    )
    .map((s) => s.stream);
}

function distinct(warnings: RunWarning[]): RunWarning[] {
  return [...new Map(warnings.map((w) => [w.message, w])).values()];
}
