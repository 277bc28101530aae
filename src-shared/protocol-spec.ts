/** The protocols of an experiment spec (paper, sections 2.8 and 3.2; spec/interfaces.md): what is trained on, what is tested. */
import { z } from 'zod';
import { PROTOCOL_DEFAULTS } from './spec-defaults.ts';

const count = z.number().int().positive().max(10000);
const { finetune: tuned, fraction: parted } = PROTOCOL_DEFAULTS;
const folds = z.number().int().min(2).max(50).default(PROTOCOL_DEFAULTS.cv.folds);
const unit = z.enum(['image', 'group']).default(PROTOCOL_DEFAULTS.cv.unit);
/** A seed of NumPy's or of training's generator. */
export const seedSchema = z.number().int().min(0).max(4294967295);
const seeds = z
  .array(seedSchema)
  .min(1)
  .max(64)
  .refine((list) => new Set(list).size === list.length, 'each seed only once');
/** Stochastic forward passes per member; 0: one deterministic pass. */
const mcDropout = z.number().int().min(0).max(1000);

/** Cross-validation: k folds over one dataset. */
const cv = z.strictObject({
  kind: z.literal('cv'),
  folds,
  seed: seedSchema.default(PROTOCOL_DEFAULTS.cv.seed),
  unit,
});
/** Train on all of "train", test on all of "test". */
const cross = z.strictObject({ kind: z.literal('cross') });
/** Pretrain on "train", finetune and test on the folds of "test" (paper, section 2.8). */
const finetune = z.strictObject({
  kind: z.literal('finetune'),
  folds,
  seed: seedSchema.default(PROTOCOL_DEFAULTS.cv.seed),
  unit,
  seeds: seeds.default(tuned.seeds),
  mcDropout: mcDropout.default(tuned.mcDropout),
  epochs: count.default(tuned.epochs),
  lr: z.number().positive().default(tuned.lr),
  batch: z.number().int().min(2).max(65536).default(tuned.batch),
});
/** Random 80/20 splits with the seeds 42, 43, ... */
const split = z.strictObject({
  kind: z.literal('split'),
  repeats: count.max(1000).default(PROTOCOL_DEFAULTS.split.repeats),
  unit,
});
/** The split that the dataset was published with. */
const official = z.strictObject({ kind: z.literal('official') });
/** The folds of "cv", trained on nested parts of the training side; one run per fraction. */
const fraction = z.strictObject({
  kind: z.literal('fraction'),
  fractions: z
    .array(z.number().gt(0).max(1))
    .min(1)
    .max(20)
    .refine((list) => new Set(list).size === list.length, 'each fraction only once')
    .default(parted.fractions),
  folds,
  seed: seedSchema.default(PROTOCOL_DEFAULTS.cv.seed),
  unit,
});

/** Any protocol, its defaults filled in. */
export const protocolSchema = z.discriminatedUnion('kind', [cv, cross, finetune, split, official, fraction]);
export type Protocol = z.infer<typeof protocolSchema>;

/** The names of all fields of all protocols, for "did you mean". */
export const PROTOCOL_FIELDS: readonly string[] = [
  ...new Set(protocolSchema.options.flatMap((option) => Object.keys(option.shape))),
];

/** Several members per part and MC-dropout passes for protocols other than finetune, which has its own. */
export const ensembleSchema = z.strictObject({
  /** One member per seed; absent: the one of training.seed. */
  seeds: seeds.optional(),
  mcDropout: mcDropout.default(0),
});
export type Ensemble = z.infer<typeof ensembleSchema>;
