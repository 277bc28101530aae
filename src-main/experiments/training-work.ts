/** How much work training is: for progress, and for the estimate before it starts. */
import { membersOf, type ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { TrainingStage } from '../fusion/train.ts';
import type { Part } from './parts.ts';

/** What a step costs beside its images (AdamW, the gradients of the weights), in images: 0.7 of 2.5 ms with 128 of them. */
const IMAGES_PER_STEP = 50;

/** The stages of training one member of a part: one, or in protocol finetune two. */
export function stagesOf(
  part: Part,
  { training, protocol }: Pick<ExperimentSpec, 'training' | 'protocol'>,
): TrainingStage[] {
  const { epochs, batch, lr } = training;
  if (protocol.kind !== 'finetune' || part.pretrain === null)
    return [{ rows: part.train, epochs, batch, lr }];
  const second = { epochs: protocol.epochs, batch: protocol.batch, lr: protocol.lr };
  return [
    { rows: part.pretrain, epochs, batch, lr },
    { rows: part.train, ...second },
  ];
}

/** The work of one epoch of a stage, in images. */
export function epochWork({ rows, batch }: Pick<TrainingStage, 'rows' | 'batch'>): number {
  return rows.length + IMAGES_PER_STEP * Math.ceil(rows.length / batch);
}

/** The work of one member of a part, in images. */
export function memberWork(stages: readonly TrainingStage[]): number {
  return stages.reduce((sum, stage) => sum + stage.epochs * epochWork(stage), 0);
}

/** The work of a run with all parts and members, in images; times its parameters it is what seconds grow with. */
export function runWork(parts: readonly Part[], spec: ExperimentSpec): number {
  const members = membersOf(spec).seeds.length;
  return parts.reduce((sum, part) => sum + members * memberWork(stagesOf(part, spec)), 0);
}

/** Epochs of a part, through all stages and members. */
export function epochsPerPart(spec: ExperimentSpec): number {
  const { protocol, training } = spec;
  const stages = training.epochs + (protocol.kind === 'finetune' ? protocol.epochs : 0);
  return membersOf(spec).seeds.length * stages;
}
