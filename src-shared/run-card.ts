/** The run card: what lies beside an exported model, so that its numbers can be judged and made again (docs/export.md). */
import { z } from 'zod';
import { scaleSchema } from './dataset.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const figure = z.number().nullable();
const interval = z.tuple([z.number(), z.number()]);
const four = { srocc: figure, plcc: figure, krocc: figure, rmse: figure };
const metrics = z.strictObject({ n: z.int(), ...four });
const warning = z.strictObject({ code: z.string(), message: z.string() });

/** How far the exported model is from the studio: largest absolute differences over `images` images of the run. */
const agreement = z.strictObject({
  images: z.int(),
  /** In label units. */
  score: z.number(),
  gates: z.number(),
});
export type ModelAgreement = z.infer<typeof agreement>;

const cardStream = z.strictObject({
  stream: z.string(),
  version: z.string(),
  source: z.string(),
  /** The encoder that computed it: manifest (preprocessing, output) and the hashes of its model's files. Null where it is not known here. */
  encoder: z
    .strictObject({
      manifest: z.unknown(),
      crops: z.string(),
      files: z.array(z.strictObject({ path: z.string(), bytes: z.int(), sha256 })),
    })
    .nullable(),
});

const output = z.strictObject({
  name: z.enum(['score', 'gates', 'score_std']),
  shape: z.array(z.union([z.string(), z.int()])),
  /** Columns in order; for `gates` the streams. */
  columns: z.array(z.string()).nullable(),
  meaning: z.string(),
});

/** The card as JSON. Figures are null where they are undefined; nothing is left out. */
export const runCardSchema = z.strictObject({
  format: z.literal('biqa-studio-run-card/1'),
  /** When this card was written; the run's own dates are under `run`. */
  exportedAt: z.iso.datetime(),
  run: z.strictObject({
    id: z.int(),
    label: z.string(),
    preset: z.string().nullable(),
    createdAt: z.string(),
    finishedAt: z.string().nullable(),
    seconds: z.strictObject({ prepare: z.number(), train: z.number(), predict: z.number() }).nullable(),
    parameters: z.int().nullable(),
    heads: z.int(),
    warnings: z.array(warning),
  }),
  spec: z.unknown(),
  data: z.strictObject({
    dataset: z.string(),
    label: z.string(),
    synthetic: z.boolean(),
    scale: scaleSchema,
    protocol: z.string(),
    population: z.strictObject({ n: z.int(), hash: z.string() }),
    folds: z.looseObject({ unit: z.string(), hash: z.string(), count: z.int() }).nullable(),
  }),
  streams: z.array(cardStream),
  metrics: z
    .looseObject({
      overall: metrics,
      ci95: z.strictObject({ srocc: interval, plcc: interval, krocc: interval, rmse: interval }).partial(),
      folds: z.array(metrics).nullable(),
      mean: z.strictObject(four).nullable(),
      std: z.strictObject(four).nullable(),
    })
    .nullable(),
  model: z.strictObject({
    file: z.string(),
    bytes: z.int(),
    sha256,
    opset: z.int(),
    inputs: z.array(z.strictObject({ name: z.string(), stream: z.string(), dimension: z.int() })),
    outputs: z.array(output),
    agreement,
  }),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int(),
    memoryBytes: z.int(),
    platform: z.string(),
    /** Execution provider of ONNX Runtime in training and prediction. */
    provider: z.string(),
  }),
  versions: z.strictObject({ studio: z.string(), node: z.string(), onnxruntime: z.string() }),
});
export type RunCard = z.infer<typeof runCardSchema>;
