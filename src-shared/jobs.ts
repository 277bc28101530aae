/** Jobs and the one event stream of a window. */
import type { Scale } from './dataset.ts';
import type { ErrorShape } from './errors.ts';

export const JOB_KINDS = [
  'scan',
  'extract',
  'experiment',
  'predict',
  'compare-folders',
  'occlusion',
  'demo',
  'ladder',
  'ladder-check',
  'download',
  'verify',
  'probe',
] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** Jobs of one lane run one after the other; lanes run side by side. */
export type JobLane = 'scan' | 'work' | 'models';
/** The lane of each kind of job. */
export const JOB_LANES: Record<JobKind, JobLane> = {
  scan: 'scan',
  extract: 'work',
  experiment: 'work',
  predict: 'work',
  'compare-folders': 'work',
  occlusion: 'work',
  demo: 'work',
  ladder: 'work',
  'ladder-check': 'work',
  probe: 'work',
  download: 'models',
  verify: 'models',
};

/** What `done` and `total` of a job count. */
export function jobUnit(kind: JobKind): 'items' | 'bytes' {
  return kind === 'download' || kind === 'verify' ? 'bytes' : 'items';
}
export type JobStatus = 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** A job as lists, the drawer and the command line see it. */
export type Job = {
  id: number;
  kind: JobKind;
  title: string;
  status: JobStatus;
  /** Items (or bytes: jobUnit) done, reused ones included, of total; total 0 = not known yet. */
  done: number;
  total: number;
  failed: number;
  /** Items per second over the last stretch, null before there is one. */
  rate: number | null;
  etaSeconds: number | null;
  /** What it is doing now, in words ("fold 3 of 5, epoch 12 of 80"). */
  message: string;
  error: ErrorShape | null;
  /** Kind-specific outcome: ExtractResult, ExperimentResult, PredictResult, DemoResult (here), LadderResult, LadderCheck (ladders.ts), ScanReport (dataset.ts),
   *  FolderComparison (folder-comparison.ts),
   *  OcclusionMap (inspect.ts),
   *  DownloadResult, VerifyResult, ProbeResult (encoders.ts). */
  result?: unknown;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  /** Which of cancel, pause, resume, retry make sense now. */
  actions: JobAction[];
};
export const JOB_ACTIONS = ['cancel', 'pause', 'resume', 'retry'] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

/** How many jobs a queued job waits for: those of its lane that were added before it and are not done. */
export function jobsAhead(job: Job, jobs: readonly Job[]): number {
  if (job.status !== 'queued') return 0;
  const lane = JOB_LANES[job.kind];
  const waiting = (other: Job): boolean => other.status === 'queued' || other.status === 'running';
  return jobs.filter((other) => other.id < job.id && JOB_LANES[other.kind] === lane && waiting(other)).length;
}

/** One item of a job that failed; the job went on. */
export type JobFailure = { item: string; error: ErrorShape };

export type ExtractResult = {
  dataset: string;
  device: string;
  streams: {
    stream: string;
    version: string;
    done: number;
    failed: number;
    reused: number;
    seconds: number;
    /** Execution provider that computed it. */
    device: string;
    /** Why this provider and not another. */
    notes: string[];
  }[];
};
export type ExperimentResult = { experiment: number; runs: number[] };
export type PredictedImage = {
  image: string;
  prediction: number | null;
  prediction_std: number | null;
  gates: Record<string, number>;
  error: ErrorShape | null;
};
/** Scores by a run, or by an exported model (a file). */
export type PredictResult = ({ run: number } | { run: null; model: string }) & {
  predictions: PredictedImage[];
};
/** A run as something to score pictures with; `reason` says why it can not, null where it can. */
export type ScorableRun = {
  run: number;
  label: string;
  dataset: string;
  synthetic: boolean;
  scale: Scale;
  streams: string[];
  reason: string | null;
};
export type DemoResult = { dataset: number; experiment: number; run: number };

/** What travels over GET /events (server-sent events, one JSON object per message). */
export type StudioEvent =
  | { type: 'hello'; version: string; home: string }
  | { type: 'job'; job: Job }
  | { type: 'changed'; noun: 'datasets' | 'streams' | 'encoders' | 'experiments' | 'runs' }
  | { type: 'epoch'; run: number; fold: number; epoch: number; epochs: number; loss: number; lr: number };
