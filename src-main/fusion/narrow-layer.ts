/** A linear layer with few outputs in training: the head's last one, and that of the gates. It runs in the kernel (wasm/assembly/narrow.ts). */
import type { HiddenLayers, TrainedLayer } from './hidden-layers.ts';
import type { FusionKernel } from './kernel.ts';

export class NarrowLayer {
  /** [outputs, n]: what the layer gives. */
  readonly output: Float32Array;
  readonly #kernel: FusionKernel;
  readonly #trained: TrainedLayer;
  readonly #below: HiddenLayers;

  /** The layer above `below`, for batches of up to `batch` images; needs `NarrowLayer.bytes` of the kernel's memory. */
  constructor(kernel: FusionKernel, trained: TrainedLayer, below: HiddenLayers, batch: number) {
    this.#kernel = kernel;
    this.#trained = trained;
    this.#below = below;
    this.output = kernel.float32(trained.layer.outputs * batch);
  }

  /** Kernel memory that a layer takes. */
  static bytes(outputs: number, batch: number): number {
    return 4 * outputs * batch;
  }

  /** Computes `output` for `n` images. */
  forward(n: number): void {
    const { layer, parameters } = this.#trained;
    this.#kernel.run.narrowForward(
      parameters.weight.byteOffset,
      parameters.bias.byteOffset,
      this.#below.output.byteOffset,
      layer.outputs,
      layer.inputs,
      n,
      this.output.byteOffset,
    );
  }

  /** From the loss's slope by `output`: the gradient of the parameters, and the slope of the layers below. */
  backward(slope: Float32Array, n: number): void {
    const { layer, parameters, gradient } = this.#trained;
    this.#kernel.run.narrowBackward(
      parameters.weight.byteOffset,
      slope.byteOffset,
      this.#below.output.byteOffset,
      layer.outputs,
      layer.inputs,
      n,
      gradient.weight.byteOffset,
      gradient.bias.byteOffset,
      this.#below.slope.byteOffset,
    );
  }
}
