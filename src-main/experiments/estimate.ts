/** How long an experiment will take, before it starts. */
import { availableParallelism } from 'node:os';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import type { ExperimentPlan } from './plan.ts';

/** Before this machine has trained anything: 2.5 ms for a step of 128 images with 465,000 parameters on a typical core. */
const SECONDS_PER_IMAGE_AND_PARAMETER = 3e-11;

/** Seconds of training, with one core per part as far as there are cores; scaled from the newest run that was trained here. */
export function estimateSeconds(reader: CatalogReader, { runs }: ExperimentPlan): number {
  const units = runs.reduce((sum, { run }) => sum + unitsOf(run), 0);
  const parts = runs.reduce((sum, planned) => sum + planned.parts.length, 0);
  return (units * secondsPerUnit(reader)) / Math.min(availableParallelism(), parts);
}

function secondsPerUnit(reader: CatalogReader): number {
  const measured = reader.runs
    .list()
    .find((run) => run.status === 'done' && (run.seconds?.train ?? 0) > 0 && (run.work ?? 0) > 0);
  if (measured === undefined) return SECONDS_PER_IMAGE_AND_PARAMETER;
  return measured.seconds!.train / unitsOf(measured);
}

/** Work times parameters: what the seconds grow with. */
function unitsOf({ work, parameters }: Pick<StoredRun, 'work' | 'parameters'>): number {
  return (work ?? 0) * Math.max(1, parameters ?? 0);
}
