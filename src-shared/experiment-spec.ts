/** The experiment spec (JSON, versioned): spec/interfaces.md. Presets fill what is left out; unknown fields are errors. */
import { z } from 'zod';
import { StudioError, type FieldError } from './errors.ts';
import {
  ensembleSchema,
  PROTOCOL_FIELDS,
  protocolSchema,
  seedSchema,
  type Ensemble,
  type Protocol,
} from './protocol-spec.ts';
import { percent } from './protocol-words.ts';
import {
  MAX_ABLATION_ROWS,
  PRESETS,
  PROTOCOL_DEFAULTS,
  type Fusion,
  type Preset,
  type Training,
} from './spec-defaults.ts';
import { isVisionStream } from './streams.ts';

export type { Ensemble, Protocol } from './protocol-spec.ts';
export { PRESETS, type Preset } from './spec-defaults.ts';

const positive = z.number().int().positive();
/** More units than this in a layer would not fit into memory. */
const MAX_UNITS = 16384;
const MAX_NAME = 200;
const streams = z
  .array(z.string().trim().min(1).max(MAX_NAME))
  .min(1)
  .max(32)
  .refine((ids) => new Set(ids).size === ids.length, 'each stream only once');

const fusionFields = {
  gate: z.string().nullable(),
  pca: positive.max(MAX_UNITS),
  hidden: z.array(positive.max(MAX_UNITS)).min(1).max(6),
  dropout: z.number().min(0).lt(1),
};
const trainingFields = {
  epochs: positive.max(10000),
  batch: z.number().int().min(2).max(65536),
  lr: z.number().positive(),
  weightDecay: z.number().min(0),
  clip: z.number().positive(),
  lambdaPlcc: z.number().min(0),
  lambdaRank: z.number().min(0),
  seed: seedSchema,
  targets: z.enum(['standardized', 'raw']),
};

const ablationEntry = z.strictObject({
  label: z.string().min(1).max(MAX_NAME),
  streams: streams.optional(),
  fusion: z.strictObject(fusionFields).partial().optional(),
  training: z.strictObject(trainingFields).partial().optional(),
  /** null: without the base's ensemble. */
  ensemble: ensembleSchema.nullable().optional(),
});

const inputSchema = z.strictObject({
  version: z.literal(1).default(1),
  name: z.string().trim().min(1).max(MAX_NAME).optional(),
  preset: z.enum(['studio', 'paper']).default('studio'),
  train: z.string().min(1),
  test: z.string().min(1).optional(),
  streams,
  fusion: z.strictObject(fusionFields).partial().default({}),
  protocol: protocolSchema.default({ kind: 'cv', ...PROTOCOL_DEFAULTS.cv }),
  ensemble: ensembleSchema.optional(),
  ablation: z.array(ablationEntry).max(MAX_ABLATION_ROWS).default([]),
  training: z.strictObject(trainingFields).partial().default({}),
});

/** A spec with every default filled in. */
export type ExperimentSpec = {
  version: 1;
  name: string;
  preset: Preset;
  train: string;
  test?: string | undefined;
  streams: string[];
  fusion: Fusion;
  protocol: Protocol;
  /** Absent: one member with training.seed, no stochastic passes. */
  ensemble?: Ensemble | undefined;
  ablation: z.infer<typeof ablationEntry>[];
  training: Training;
};
/** Parses and completes a spec; throws StudioError bad-input that names the field (and the nearest known one). */
export function parseExperimentSpec(json: unknown): ExperimentSpec {
  const parsed = inputSchema.safeParse(acceptDatasetAlias(json));
  if (!parsed.success) {
    throw new StudioError(
      'bad-input',
      `Experiment spec: ${parsed.error.issues.map(describeIssue).join('; ')}`,
      {
        hint: 'Correct the spec; docs/experiments.md lists every field.',
        fields: parsed.error.issues.flatMap(fieldErrors),
      },
    );
  }
  const spec = parsed.data;
  requireFittingDatasets(spec);
  const defaults = PRESETS[spec.preset];
  const on =
    spec.test === undefined || spec.test === spec.train ? spec.train : `${spec.train} → ${spec.test}`;
  const name = spec.name ?? `${spec.streams.join(' + ')} on ${on}`.slice(0, MAX_NAME).trim();
  return {
    ...spec,
    name,
    fusion: { ...defaults.fusion, ...spec.fusion },
    training: { ...defaults.training, ...spec.training },
  };
}

/** "cross" and "finetune" take two datasets, the others one; "finetune" has members of its own. */
function requireFittingDatasets(spec: z.infer<typeof inputSchema>): void {
  const { protocol, train, test, ensemble, ablation } = spec;
  const refuse = (path: string, message: string, hint: string): never => {
    throw new StudioError('bad-input', `Experiment spec: ${message}`, {
      hint,
      fields: [{ path, message: hint }],
    });
  };
  const other = test !== undefined && test !== train;
  if ((protocol.kind === 'cross' || protocol.kind === 'finetune') && !other)
    refuse(
      'test',
      `protocol "${protocol.kind}" needs a second dataset as "test"`,
      'Name the dataset to test on.',
    );
  if (protocol.kind !== 'cross' && protocol.kind !== 'finetune' && other)
    refuse(
      'test',
      `"test" with a second dataset does not go with protocol "${protocol.kind}"`,
      'Use protocol "cross" or "finetune", or leave "test" out.',
    );
  if (protocol.kind === 'finetune' && [{ ensemble }, ...ablation].some((entry) => entry.ensemble != null))
    refuse(
      'ensemble',
      '"ensemble" does not go with protocol "finetune"',
      'Use "protocol.seeds" and "protocol.mcDropout".',
    );
}

/** "dataset" is accepted as an alias of "train" where train and test are the same. */
function acceptDatasetAlias(json: unknown): unknown {
  if (json === null || typeof json !== 'object' || Array.isArray(json) || !('dataset' in json)) return json;
  const { dataset, ...rest } = json as Record<string, unknown>;
  if ('train' in rest && rest['train'] !== dataset) {
    throw new StudioError('bad-input', 'Experiment spec: "dataset" and "train" name different datasets', {
      hint: 'Give only one of them.',
    });
  }
  return { ...rest, train: dataset };
}

/** Known field names by the path that they live under, for "did you mean". */
const KNOWN: Record<string, string[]> = {
  '': [...Object.keys(inputSchema.shape), 'dataset'],
  fusion: Object.keys(fusionFields),
  training: Object.keys(trainingFields),
  protocol: [...PROTOCOL_FIELDS],
  ensemble: Object.keys(ensembleSchema.shape),
  ablation: Object.keys(ablationEntry.shape),
};

function describeIssue(issue: z.core.$ZodIssue): string {
  return fieldErrors(issue)
    .map(({ path, message }) =>
      issue.code === 'unrecognized_keys'
        ? message.replace('unknown field', `unknown field "${path}"`)
        : `${path === '' ? 'the whole' : `"${path}"`}: ${message}`,
    )
    .join('; ');
}

/** An issue at the fields that it is about: one per unknown field, else one. */
function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const at = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [{ path: at, message: issue.message }];
  const path = issue.path.filter((p) => typeof p === 'string').join('.');
  const known = KNOWN[path] ?? KNOWN[path.split('.').at(-1) ?? ''] ?? [];
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    return {
      path: at === '' ? key : `${at}.${key}`,
      message: `unknown field${near === null ? '' : ` (did you mean "${near}"?)`}`,
    };
  });
}

/** The known word with the smallest edit distance, or null where none is near (distance over half the length). */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best !== null && bestDistance <= Math.max(2, Math.ceil(best.length / 2)) ? best : null;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * The runs of an experiment: the ablation's entries laid over the base, or the base alone; under protocol "fraction" once per
 * fraction, with the smaller fractions first. A run's spec is complete: it says which run it is without its experiment.
 */
export function runsOf(spec: ExperimentSpec): { label: string; spec: ExperimentSpec }[] {
  const { protocol, ablation } = spec;
  const entries =
    ablation.length === 0 ? [{ label: spec.name, spec }] : ablation.map((e) => laidOver(spec, e));
  if (protocol.kind !== 'fraction') return entries;
  return protocol.fractions
    .toSorted((a, b) => a - b)
    .flatMap((fraction) =>
      entries.map((entry) => ({
        label: `${ablation.length === 0 ? '' : `${entry.label}, `}${percent(fraction)} of the training side`,
        spec: { ...entry.spec, protocol: { ...protocol, fractions: [fraction] } },
      })),
    );
}

function laidOver(spec: ExperimentSpec, entry: ExperimentSpec['ablation'][number]) {
  const { ensemble: base, ...rest } = spec;
  const ensemble = entry.ensemble === undefined ? base : (entry.ensemble ?? undefined);
  return {
    label: entry.label,
    spec: {
      ...rest,
      ...(ensemble === undefined ? {} : { ensemble }),
      ablation: [],
      streams: entry.streams ?? spec.streams,
      fusion: { ...spec.fusion, ...entry.fusion },
      training: { ...spec.training, ...entry.training },
    },
  };
}

/** The members of each part of a run: their seeds, and the MC-dropout passes of each (0: one deterministic pass). */
export function membersOf(spec: Pick<ExperimentSpec, 'protocol' | 'ensemble' | 'training'>): {
  seeds: number[];
  mcDropout: number;
} {
  const { protocol, ensemble, training } = spec;
  if (protocol.kind === 'finetune') return { seeds: protocol.seeds, mcDropout: protocol.mcDropout };
  return { seeds: ensemble?.seeds ?? [training.seed], mcDropout: ensemble?.mcDropout ?? 0 };
}

/**
 * The stream that a run's gates are computed from, or null for static fusion. "default" is SigLIP's stream where the run has
 * one, else its first vision stream, else NSS. StudioError bad-input where the run does not use the stream that the spec names.
 */
export function gateStreamOf({ fusion, streams }: Pick<ExperimentSpec, 'fusion' | 'streams'>): string | null {
  if (fusion.gate === null) return null;
  if (fusion.gate === 'default')
    return streams.find((id) => /^siglip/i.test(id)) ?? streams.find(isVisionStream) ?? streams[0]!;
  if (streams.includes(fusion.gate)) return fusion.gate;
  throw new StudioError('bad-input', `"fusion.gate": "${fusion.gate}" is not a stream of the run`, {
    hint: `Its streams: ${streams.join(', ')}. Choose one of them, "default", or null for static fusion.`,
  });
}
