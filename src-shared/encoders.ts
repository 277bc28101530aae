/** Encoders as the window and the command line see them: manifests, their models, devices. */
import type { ErrorShape } from './errors.ts';

/** What --device takes. "auto": the best provider that agrees with the CPU. */
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'coreml', 'dml'] as const;
export type Device = (typeof DEVICES)[number];
/** An execution provider of ONNX Runtime. */
export type Provider = Exclude<Device, 'auto'>;

/**
 * State of an encoder's model on this machine. "partial": some files, or a part of one. "unverified": all files are
 * there, but not hashed since they came or changed. "mismatch": a hash or the graph's interface is not the expected one.
 */
export type EncoderState = 'missing' | 'partial' | 'unverified' | 'ready' | 'mismatch';

/** A file of a model; `bytes` and `sha256` null where not known yet, `there` in bytes. */
export type EncoderFile = { path: string; bytes: number | null; sha256: string | null; there: number };

export type EncoderView = {
  id: string;
  title: string;
  builtIn: boolean;
  licence: string;
  dimension: number;
  /** Side of the square input in pixels. */
  inputSize: number;
  precision: 'float32' | 'float16';
  /** Hub repository and revision, null for a model of the user's own. */
  repository: string | null;
  revision: string | null;
  state: EncoderState;
  /** Why it is not ready and what to do, null where it is. */
  detail: string | null;
  files: EncoderFile[];
  /** All bytes of the model, null where no source says; and those that are on this machine. */
  bytes: number | null;
  bytesThere: number;
  /** Where a local model lies, null where it comes from the hub. */
  localModel: string | null;
  /** Stream version on `provider` (on the CPU before one was chosen), null until the model's hash is known. */
  version: string | null;
  /** Provider that the last extraction or probe chose, null before. */
  provider: Provider | null;
  /** Features in the catalog: in how many datasets, of how many pictures. */
  features: { datasets: number; pictures: number };
  /** The unfinished job that downloads, verifies or probes it, else null. */
  job: number | null;
  sources: { fact: string; source: string }[];
};

export type EncoderList = {
  encoders: EncoderView[];
  /** User manifests that can not be used, and why. */
  problems: ErrorShape[];
  hub: HubFacts;
};

/** Where models come from and go to. */
export type HubFacts = { endpoint: string; offline: boolean; token: boolean; cacheFolder: string };

/** What removing an encoder would take away, and what it would leave. */
export type EncoderRemoval = {
  id: string;
  /** Bytes of model files that go (from the cache that all tools of the hub share). */
  bytes: number;
  /** The manifest goes too: it is the user's own. */
  manifest: boolean;
  /** Left in the catalog: features that experiments can still use, but that can not be extended. */
  features: { datasets: number; pictures: number };
  message: string;
};

/** One provider that a probe tried. `difference`: relative to the CPU's embedding of the probe picture. */
export type ProviderTrial = {
  provider: Provider;
  ok: boolean;
  reason: string;
  difference: number | null;
  millisecondsPerCrop: number | null;
};
export type ProbeResult = { encoder: string; chosen: Provider; trials: ProviderTrial[] };
export type DownloadResult = { encoder: string; bytes: number; files: number; commit: string };
export type VerifyResult = { encoder: string; files: { path: string; sha256: string; bytes: number }[] };
