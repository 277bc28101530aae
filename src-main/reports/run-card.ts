/** The JSON card beside an exported model. */
import { runCardSchema, type ModelAgreement, type RunCard } from '../../src-shared/run-card.ts';
import type { RunDetail } from '../../src-shared/runs.ts';

/** What the export of a run has given. */
export type ModelFacts = {
  file: string;
  bytes: number;
  sha256: string;
  opset: number;
  heads: number;
  inputs: { name: string; stream: string; dimension: number }[];
  /** Order of the columns of `gates`; null with static fusion. */
  gates: string[] | null;
  agreement: ModelAgreement;
};

export type CardParts = {
  run: RunDetail;
  targetLabel: string;
  model: ModelFacts;
  /** Per stream of the run: who computed it, null where that is not known here. */
  encoders: Record<string, RunCard['streams'][number]['encoder']>;
  machine: RunCard['machine'];
  versions: RunCard['versions'];
  date: Date;
};

/** The card of a finished run and its model; it fits runCardSchema. */
export function makeRunCard({
  run,
  targetLabel,
  model,
  encoders,
  machine,
  versions,
  date,
}: CardParts): RunCard {
  const { heads, inputs, gates, ...file } = model;
  return runCardSchema.parse({
    format: 'biqa-studio-run-card/1',
    exportedAt: date.toISOString(),
    run: {
      id: run.run,
      label: run.label,
      preset: run.preset,
      createdAt: run.createdAt,
      finishedAt: run.finishedAt,
      seconds: run.seconds,
      parameters: run.parameters,
      heads,
      warnings: run.warnings,
    },
    spec: run.spec,
    data: {
      dataset: run.dataset.name,
      label: targetLabel,
      synthetic: run.dataset.synthetic,
      scale: run.dataset.scale,
      protocol: run.protocol,
      population: run.population,
      folds: run.folds,
    },
    streams: run.streams.map((stream) => ({ ...stream, encoder: encoders[stream.stream] ?? null })),
    metrics: run.metrics,
    model: { ...file, inputs, outputs: outputsOf(gates, heads) },
    machine,
    versions,
  });
}

function outputsOf(gates: string[] | null, heads: number): RunCard['model']['outputs'] {
  const score = `mean over the ${heads} heads, in units of the label`;
  const std = `standard deviation over the ${heads} heads (divisor ${heads}), in units of the label`;
  return [
    { name: 'score', shape: ['n'], columns: null, meaning: score },
    ...(gates === null
      ? []
      : [
          {
            name: 'gates' as const,
            shape: ['n', gates.length],
            columns: gates,
            meaning: `weight of each stream in (0, 2), 1 is neutral; mean over the ${heads} heads`,
          },
        ]),
    { name: 'score_std', shape: ['n'], columns: null, meaning: std },
  ];
}
