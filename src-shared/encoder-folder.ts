/** What lies in a folder that may become an encoder: manifests, ONNX models, and which fit which. */
import type { ErrorShape } from './errors.ts';

/** Length of an axis: fixed, or the name of an open one, or null: not said. */
export type OnnxDimension = number | string | null;

/** An input or output. `dtype` in ONNX's words ("float32", "float16", "int64"...); `shape` null: not said. */
export type OnnxValue = { name: string; dtype: string; shape: OnnxDimension[] | null };

/** A shape for people: "[n, 3, 224, 224]". */
export function shapeText(shape: readonly OnnxDimension[] | null): string {
  return shape === null ? 'not said' : `[${shape.map((length) => length ?? '?').join(', ')}]`;
}

/** A file of weights that a graph names; `bytes`: how many it must have. "outside": a link out of what may be read. */
export type FoundExternal = {
  location: string;
  bytes: number;
  state: 'there' | 'missing' | 'short' | 'outside';
};

/** An .onnx file with what its header says; `header` null where `error` says why it can not be read. */
export type FoundModel = {
  file: string;
  bytes: number;
  header: {
    opset: number | null;
    inputs: OnnxValue[];
    outputs: OnnxValue[];
    external: FoundExternal[];
  } | null;
  error: ErrorShape | null;
};

/** A .json file; `encoder` null where `error` says why it is no manifest. */
export type FoundManifest = {
  file: string;
  /** `repository` null: a model of the user's own, which has to be given. */
  encoder: { id: string; title: string; dimension: number; repository: string | null } | null;
  error: ErrorShape | null;
  /** For every readable model what differs, each naming both sides; none: it fits. */
  fits: { model: string; mismatches: string[] }[];
};

/** The encoders' files of one folder, not of those below it. */
export type EncoderFolder = {
  id: string;
  /** Absolute path, for display only. */
  path: string;
  manifests: FoundManifest[];
  models: FoundModel[];
  /** Files that were not looked at because there are too many. */
  leftOut: number;
};
