/** `studio compare-folders`: two versions of the same pictures under one run. The JSON that its users' CI reads. */
import { z } from 'zod';

/** What a threshold can be put on: a summary of the differences B - A. */
export const THRESHOLD_ON = ['mean', 'median', 'worst'] as const;
export type ThresholdOn = (typeof THRESHOLD_ON)[number];

const interval = z.tuple([z.number(), z.number()]);
const error = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  file: z.string().optional(),
});

/** One side of a pair. `file` is relative to its folder, with forward slashes; `prediction` is in label units. */
const side = z.strictObject({
  file: z.string(),
  prediction: z.number().nullable(),
  prediction_std: z.number().nullable(),
  /** On the common scale: 0 is the bad end of the label's declared scale, 1 the good end. */
  quality: z.number().nullable(),
  error: error.nullable(),
});

const pair = z.strictObject({
  /** Relative path without its ending. */
  name: z.string(),
  a: side,
  b: side,
  /** quality(B) - quality(A): below zero where B is worse; null where a side has no prediction. */
  difference: z.number().nullable(),
});

const summary = z.strictObject({
  n: z.number().int(),
  mean: z.number(),
  mean_ci95: interval.nullable(),
  median: z.number(),
  median_ci95: interval.nullable(),
  worst: z.number(),
  best: z.number(),
  worse: z.number().int(),
  better: z.number().int(),
  equal: z.number().int(),
  wilcoxon: z
    .strictObject({
      statistic: z.number(),
      p: z.number(),
      n: z.number().int(),
      method: z.enum(['exact', 'normal']),
    })
    .nullable(),
});

/** The whole report. Pairs are sorted by difference, worst first, then by name; failed pairs come last. */
export const folderComparison = z.strictObject({
  version: z.literal(1),
  studio: z.string(),
  run: z.strictObject({
    run: z.number().int(),
    label: z.string(),
    dataset: z.string(),
    scale: z.strictObject({ min: z.number(), max: z.number(), better: z.enum(['higher', 'lower']) }),
    streams: z.array(z.strictObject({ stream: z.string(), version: z.string() })),
    population: z.string(),
  }),
  a: z.string(),
  b: z.string(),
  counts: z.strictObject({
    pairs: z.number().int(),
    compared: z.number().int(),
    failed: z.number().int(),
    only_a: z.number().int(),
    only_b: z.number().int(),
  }),
  /** Of the differences, on the common scale. */
  summary,
  bootstrap: z.strictObject({ resamples: z.number().int(), seed: z.number().int() }),
  threshold: z
    .strictObject({
      on: z.enum(THRESHOLD_ON),
      threshold: z.number(),
      value: z.number(),
      exceeded: z.boolean(),
    })
    .nullable(),
  pairs: z.array(pair),
  only_a: z.array(z.string()),
  only_b: z.array(z.string()),
});

export type FolderComparison = z.infer<typeof folderComparison>;
export type ComparedPair = z.infer<typeof pair>;
export type ComparedSide = z.infer<typeof side>;
export type PairedSummary = z.infer<typeof summary>;
export type ThresholdVerdict = NonNullable<FolderComparison['threshold']>;
