/** Training one member: preprocessing fitted on its training rows, then the head (paper, sections 2.4 to 2.7). */
import { StudioError } from '../../src-shared/errors.ts';
import { AdamW } from './adamw.ts';
import { initialParameters } from './head.ts';
import { FusionKernel } from './kernel.ts';
import { joinStreams, prepareStream } from './preprocess.ts';
import { Random } from './random.ts';
import { cosineRate } from './schedule.ts';
import { architectureOf } from './trained-head.ts';
import { TrainingStep } from './training-step.ts';
import type { Ort } from '../graph/runtime.ts';
import type { Architecture } from './head.ts';
import type { PreparedStream, StreamFeatures } from './preprocess.ts';
import type { TrainedHead } from './trained-head.ts';
import type { TrainingData } from './training-step.ts';

/** Raw features of all images and their labels (in label units, one per row), and the rows to train on. */
export type TrainInput = { streams: StreamFeatures[]; targets: Float64Array; train: Int32Array };

/** One stage of training: its own rows, optimizer state and cosine schedule. */
export type TrainingStage = { rows: Int32Array; epochs: number; batch: number; lr: number };

/**
 * The same with the preprocessing done: members with the same training rows share it. `fit`: the rows that the preprocessing was
 * fitted on, which the targets are standardised on too. Stages follow each other, each goes on with the last one's parameters.
 */
export type PreparedInput = {
  streams: readonly PreparedStream[];
  targets: Float64Array;
  fit: Int32Array;
  stages: readonly TrainingStage[];
};

/** Loss (mean over the epoch's images) and learning rate of a finished epoch; `epoch` counts from 1, through all stages. */
export type EpochReport = { epoch: number; epochs: number; loss: number; lr: number };

export type TrainOptions = {
  hidden: number[];
  dropout: number;
  epochs: number;
  batch: number;
  lr: number;
  weightDecay: number;
  clip: number;
  lambdaPlcc: number;
  lambdaRank: number;
  /** Drives initial parameters, shuffling and dropout; same seed and machine: the same bits. */
  seed: number;
  /** Train on (y - mean) / std of the training rows, or on the labels as they are. */
  targets: 'standardized' | 'raw';
  /** The stream that the gates are computed from, one of the input's; null: static fusion. */
  gate: string | null;
  /** Most components of a projected stream (every stream but NSS). */
  pca: number;
  /** Threads of ONNX Runtime; 1 where several members train side by side. */
  threads: number;
  /** Checked before every step; training ends with StudioError cancelled. */
  signal?: AbortSignal;
  onEpoch?: (report: EpochReport) => void;
};

/** What the stages have in common. */
export type MemberOptions = Omit<TrainOptions, 'epochs' | 'batch' | 'lr' | 'pca'>;

/** The smallest batch that has a correlation or a pair. */
const SMALLEST_BATCH = 2;

/**
 * Trains a head on `input.train`. Throws StudioError: bad-input (too few rows, features or labels that are not
 * finite, training that diverges), cancelled.
 */
export async function trainMember(ort: Ort, input: TrainInput, options: TrainOptions): Promise<TrainedHead> {
  checkInput(input);
  const streams: PreparedStream[] = [];
  for (const stream of input.streams)
    streams.push(await prepareStream(ort, stream, input.train, options.pca));
  const { targets, train } = input;
  const stages = [{ ...options, rows: train }];
  return trainPrepared(ort, { streams, targets, fit: train, stages }, options);
}

/** Trains a head on prepared streams, stage after stage. Throws as `trainMember` does. */
export async function trainPrepared(
  ort: Ort,
  input: PreparedInput,
  options: MemberOptions,
): Promise<TrainedHead> {
  for (const { rows } of input.stages) checkLabels({ targets: input.targets, train: rows });
  const streams = input.streams.map(({ transform }) => transform);
  const target = targetScale(input, options.targets);
  const architecture = architectureOf(streams, options);
  const random = new Random(options.seed);
  let parameters = initialParameters(architecture, random);
  let epochsBefore = 0;
  const epochs = input.stages.reduce((sum, stage) => sum + stage.epochs, 0);
  for (const stage of input.stages) {
    const data: TrainingData = {
      features: joinStreams(input.streams, stage.rows),
      targets: Float32Array.from(stage.rows, (row) => (input.targets[row]! - target.mean) / target.std),
    };
    const before = epochsBefore;
    const onEpoch = (report: EpochReport): void =>
      options.onEpoch?.({ ...report, epoch: before + report.epoch, epochs });
    const member = { architecture, parameters, random };
    parameters = await trainStage(ort, member, data, { ...options, ...stage, onEpoch });
    epochsBefore += stage.epochs;
  }
  return { streams, hidden: [...options.hidden], gate: options.gate, parameters, target };
}

type Member = { architecture: Architecture; parameters: Float32Array; random: Random };

/** The training loop of one stage over preprocessed data, with a fresh optimizer; returns the flat parameters. */
async function trainStage(
  ort: Ort,
  { architecture, parameters, random }: Member,
  data: TrainingData,
  options: MemberOptions & TrainingStage,
): Promise<Float32Array> {
  const batch = Math.min(options.batch, data.targets.length);
  const bytes = AdamW.bytes(parameters.length) + TrainingStep.bytes(architecture, batch);
  const kernel = new FusionKernel(bytes);
  const optimizer = new AdamW(kernel, parameters, options);
  const dropoutSeed = random.bits();
  const step = await TrainingStep.create(ort, {
    kernel,
    architecture,
    optimizer,
    dropoutSeed,
    options: { ...options, batch },
  });
  const order = Int32Array.from(data.targets.keys());
  try {
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      const lr = cosineRate(options.lr, epoch, options.epochs);
      random.shuffle(order);
      let lossSum = 0;
      let images = 0;
      for (const rows of batches(order, batch)) {
        stopIfCancelled(options.signal);
        const loss = await step.run(data, rows);
        if (!Number.isFinite(Math.fround(loss))) throw diverged(epoch + 1);
        optimizer.step(lr);
        lossSum += loss * rows.length;
        images += rows.length;
      }
      options.onEpoch?.({ epoch: epoch + 1, epochs: options.epochs, loss: lossSum / images, lr });
    }
  } finally {
    await step.dispose();
  }
  if (!optimizer.parameters.every(Number.isFinite)) throw diverged(options.epochs);
  return optimizer.parameters.slice();
}

/** The rows in batches; a last batch of a single row is left out. */
function batches(order: Int32Array, size: number): Int32Array[] {
  const count = Math.ceil(order.length / size);
  return Array.from({ length: count }, (_, i) => order.subarray(i * size, (i + 1) * size)).filter(
    (rows) => rows.length >= SMALLEST_BATCH,
  );
}

/** Mean and population standard deviation of the training labels (std 1 where they are all equal). */
function targetScale(
  { targets, fit: train }: PreparedInput,
  kind: TrainOptions['targets'],
): TrainedHead['target'] {
  if (kind === 'raw') return { mean: 0, std: 1 };
  const mean = train.reduce((total, row) => total + targets[row]!, 0) / train.length;
  const variance = train.reduce((total, row) => total + (targets[row]! - mean) ** 2, 0) / train.length;
  const constant = train.every((row) => targets[row] === targets[train[0]!]);
  return { mean, std: constant ? 1 : Math.sqrt(variance) };
}

type Labels = Pick<TrainInput, 'targets' | 'train'>;

function checkInput(input: TrainInput): void {
  checkLabels(input);
  const { streams, targets } = input;
  for (const { id, dimension, data } of streams) {
    if (data.length !== targets.length * dimension) {
      throw new RangeError(
        `stream "${id}": ${data.length} values for ${targets.length} rows of ${dimension}`,
      );
    }
  }
}

function checkLabels({ targets, train }: Labels): void {
  if (train.length < SMALLEST_BATCH) {
    throw new StudioError(
      'bad-input',
      `Training needs at least ${SMALLEST_BATCH} images, not ${train.length}`,
      {
        hint: 'Use a larger dataset, or fewer folds.',
      },
    );
  }
  const bad = train.find((row) => !Number.isFinite(targets[row]));
  if (bad !== undefined) {
    throw new StudioError('bad-input', `The label of row ${bad} is ${targets[bad]}`, {
      hint: 'Import the dataset again; rows without a finite score do not belong to an experiment.',
    });
  }
}

function stopIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new StudioError('cancelled', 'Training was cancelled');
}

function diverged(epoch: number): StudioError {
  return new StudioError('bad-input', `Training diverged in epoch ${epoch}: the loss is no longer a number`, {
    hint: 'Lower "training.lr", or use "targets": "standardized".',
  });
}
