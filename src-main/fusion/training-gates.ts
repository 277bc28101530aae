/** The gates in training (paper, section 2.5, equation 7): from the preprocessed gate stream to the gated features, and back. */
import { HiddenLayers, type TrainedLayer } from './hidden-layers.ts';
import { NarrowLayer } from './narrow-layer.ts';
import type { Ort } from '../graph/runtime.ts';
import type { Layer } from './head.ts';
import type { FusionKernel } from './kernel.ts';

export type GateParts = {
  kernel: FusionKernel;
  /** Preprocessed features [n, width]. */
  features: Float32Array;
  /** Widths of the streams, in the order of the features' columns. */
  widths: readonly number[];
  /** Columns that the gates are computed from. */
  source: { start: number; width: number };
  layers: readonly [hidden: TrainedLayer, output: TrainedLayer];
  /** Most images of a batch. */
  batch: number;
  /** Threads of ONNX Runtime. */
  threads: number;
};

export class TrainingGates {
  /** [n, width]: the features times the gates. */
  readonly gated: Float32Array;
  /** [n, width]: where the loss's slope by `gated` is expected before `backward`. */
  readonly slope: Float32Array;
  readonly #parts: GateParts;
  readonly #hidden: HiddenLayers;
  /** [n, width of the gate stream] */
  readonly #source: Float32Array;
  /** Its output [streams, n]: the logits, then the gates, and after `backward` the loss's slope by the logits. */
  readonly #output: NarrowLayer;
  readonly #widths: Uint32Array;

  private constructor(parts: GateParts, hidden: HiddenLayers, source: Float32Array) {
    const { kernel, features, widths, batch } = parts;
    this.#parts = parts;
    this.#hidden = hidden;
    this.#source = source;
    this.gated = kernel.float32(features.length);
    this.slope = kernel.float32(features.length);
    this.#output = new NarrowLayer(kernel, parts.layers[1], hidden, batch);
    this.#widths = kernel.uint32(widths.length);
    this.#widths.set(widths);
  }

  /** Compiles the products of the gates' hidden layer. */
  static async create(ort: Ort, parts: GateParts): Promise<TrainingGates> {
    const values = parts.kernel.float32(parts.batch * parts.source.width);
    const input = { values, slope: null };
    const hidden = await HiddenLayers.create(ort, { ...parts, layers: [parts.layers[0]], input });
    return new TrainingGates(parts, hidden, values);
  }

  /** Kernel memory that the gates take; `hidden` is their hidden layer. */
  static bytes(widths: readonly number[], hidden: Layer, batch: number): number {
    const width = widths.reduce((total, w) => total + w, 0);
    const own = 4 * batch * (2 * width + hidden.inputs) + 4 * widths.length;
    return own + HiddenLayers.bytes([hidden], batch) + NarrowLayer.bytes(widths.length, batch);
  }

  /** Computes `gated` for `n` images. */
  async forward(n: number): Promise<void> {
    const { kernel, features, source, widths, batch } = this.#parts;
    const width = features.length / batch;
    for (let j = 0; j < n; j++) {
      const start = j * width + source.start;
      this.#source.set(features.subarray(start, start + source.width), j * source.width);
    }
    await this.#hidden.forward(n);
    this.#output.forward(n);
    const [x, gates, w, gated] = this.#addresses(this.gated);
    kernel.run.toGates(gates, widths.length * n);
    kernel.run.applyGates(x, gates, w, widths.length, n, gated);
  }

  /** From `slope`, after `forward` for the same images: the gradient of the gates' parameters. */
  async backward(n: number): Promise<void> {
    const { kernel, widths } = this.#parts;
    const [x, gates, w, slope] = this.#addresses(this.slope);
    kernel.run.backThroughGates(slope, x, gates, w, widths.length, n);
    this.#output.backward(this.#output.output, n);
    await this.#hidden.backward(n);
  }

  #addresses(last: Float32Array): [features: number, gates: number, widths: number, last: number] {
    const { features } = this.#parts;
    return [features.byteOffset, this.#output.output.byteOffset, this.#widths.byteOffset, last.byteOffset];
  }

  /** Frees the sessions. */
  async dispose(): Promise<void> {
    await this.#hidden.dispose();
  }
}
