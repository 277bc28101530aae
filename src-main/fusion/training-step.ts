/**
 * One training step: forward, hybrid loss and all gradients (paper, sections 2.5 to 2.7), written out rather than derived, so that each
 * part is one pass over memory. All memory is allocated once: products read the parameters and write the gradient where AdamW works.
 */
import { Dropout } from './dropout.ts';
import { fusedWidth, gateColumns, layersOf } from './head.ts';
import { hybridLossWorkspace, type FusionKernel } from './kernel.ts';
import { HiddenLayers, type LayerParameters, type TrainedLayer } from './hidden-layers.ts';
import { NarrowLayer } from './narrow-layer.ts';
import { TrainingGates } from './training-gates.ts';
import type { Ort } from '../graph/runtime.ts';
import type { AdamW } from './adamw.ts';
import type { Architecture, Layer } from './head.ts';

/** Weights of the correlation and the ranking term beside the squared error (both 0.5 in the paper). */
export type LossWeights = { lambdaPlcc: number; lambdaRank: number };

/** `batch`: most rows of a step; `threads` of ONNX Runtime. */
export type StepOptions = LossWeights & { batch: number; dropout: number; threads: number };

/** Preprocessed training data: features [n, fused width] row-major, targets [n] as trained. */
export type TrainingData = { features: Float32Array; targets: Float32Array };

/** What a step is made of; the kernel's memory holds the batch and what the optimizer works on. */
export type StepParts = {
  kernel: FusionKernel;
  architecture: Architecture;
  optimizer: AdamW;
  dropoutSeed: number;
  options: StepOptions;
};

/** A step that can be run again and again; `dispose` frees its sessions. */
export class TrainingStep {
  readonly #parts: StepParts;
  readonly #batch: Batch;
  readonly #network: Network;
  readonly #dropout: Dropout | null;

  private constructor(parts: StepParts, batch: Batch, network: Network) {
    const { kernel, dropoutSeed, options } = parts;
    this.#parts = parts;
    this.#batch = batch;
    this.#network = network;
    this.#dropout = options.dropout === 0 ? null : new Dropout(kernel, dropoutSeed, options.dropout);
  }

  /** Compiles the step's products; it reads the optimizer's parameters and writes its gradient in place. */
  static async create(ort: Ort, parts: StepParts): Promise<TrainingStep> {
    const batch = takeBatch(parts);
    return new TrainingStep(parts, batch, await createNetwork(ort, parts, batch));
  }

  /** Kernel memory that a step takes. */
  static bytes(architecture: Architecture, batch: number): number {
    const { streams, hidden, gate } = architecture;
    const layers = layersOf(architecture);
    const widths = streams.map(({ width }) => width);
    const gates = gate === null ? 0 : TrainingGates.bytes(widths, layers[hidden.length + 1]!, batch);
    const own = 4 * batch * (fusedWidth(architecture) + 2) + 8 * hybridLossWorkspace(batch) + Dropout.bytes;
    const head = HiddenLayers.bytes(layers.slice(0, hidden.length), batch) + NarrowLayer.bytes(1, batch);
    return own + head + gates;
  }

  /** Runs forward and backward on the given rows of the data with fresh dropout masks; returns the loss. */
  async run(data: TrainingData, rows: Int32Array): Promise<number> {
    const n = rows.length;
    const { gates, hidden } = this.#network;
    this.#gather(data, rows);
    this.#drawMasks(n);
    await gates?.forward(n);
    await hidden.forward(n);
    const loss = this.#predictAndCompare(n);
    await hidden.backward(n);
    await gates?.backward(n);
    return loss;
  }

  /** Frees the sessions. */
  async dispose(): Promise<void> {
    await this.#network.hidden.dispose();
    await this.#network.gates?.dispose();
  }

  #gather({ features, targets }: TrainingData, rows: Int32Array): void {
    const width = fusedWidth(this.#parts.architecture);
    const batch = this.#batch;
    rows.forEach((row, i) => {
      batch.features.set(features.subarray(row * width, (row + 1) * width), i * width);
      batch.targets[i] = targets[row]!;
    });
  }

  #drawMasks(n: number): void {
    const { architecture } = this.#parts;
    this.#network.hidden.masks.forEach((mask, l) => this.#dropout?.fill(mask, architecture.hidden[l]! * n));
  }

  /** The last layer and the loss, forward and backward; gives the loss. */
  #predictAndCompare(n: number): number {
    const { kernel, options } = this.#parts;
    const { last } = this.#network;
    const { targets, slope, workspace } = this.#batch;
    last.forward(n);
    const loss = kernel.run.hybridLoss(
      last.output.byteOffset,
      targets.byteOffset,
      n,
      options.lambdaPlcc,
      options.lambdaRank,
      slope.byteOffset,
      workspace.byteOffset,
    );
    last.backward(slope, n);
    return loss;
  }
}

/** One batch in the kernel's memory: features [n, width], the rest one value per image. */
type Batch = {
  features: Float32Array;
  targets: Float32Array;
  /** The loss's slope by each prediction. */
  slope: Float32Array;
  workspace: Float64Array;
};

function takeBatch({ kernel, architecture, options: { batch } }: StepParts): Batch {
  return {
    features: kernel.float32(batch * fusedWidth(architecture)),
    targets: kernel.float32(batch),
    slope: kernel.float32(batch),
    workspace: kernel.float64(hybridLossWorkspace(batch)),
  };
}

type Network = { gates: TrainingGates | null; hidden: HiddenLayers; last: NarrowLayer };

async function createNetwork(ort: Ort, parts: StepParts, { features }: Batch): Promise<Network> {
  const { kernel, architecture, optimizer, options } = parts;
  const { streams, hidden, gate } = architecture;
  const layers = layersOf(architecture).map((layer) => ({
    layer,
    parameters: partsOf(optimizer.parameters, layer),
    gradient: partsOf(optimizer.gradient, layer),
  }));
  const [last, ...ofGates] = layers.slice(hidden.length) as [TrainedLayer, TrainedLayer, TrainedLayer];
  const common = { kernel, batch: options.batch, threads: options.threads };
  const widths = streams.map(({ width }) => width);
  const gates =
    gate === null
      ? null
      : await TrainingGates.create(ort, {
          ...common,
          features,
          widths,
          source: gateColumns(architecture, gate),
          layers: ofGates,
        });
  const input =
    gates === null ? { values: features, slope: null } : { values: gates.gated, slope: gates.slope };
  try {
    const ofHead = layers.slice(0, hidden.length);
    const below = await HiddenLayers.create(ort, { ...common, layers: ofHead, input });
    return { gates, hidden: below, last: new NarrowLayer(kernel, last, below, options.batch) };
  } catch (error) {
    await gates?.dispose();
    throw error;
  }
}

/** A layer's weight and bias in a flat vector. */
function partsOf(flat: Float32Array, { weightOffset, biasOffset, outputs }: Layer): LayerParameters {
  return {
    weight: flat.subarray(weightOffset, biasOffset),
    bias: flat.subarray(biasOffset, biasOffset + outputs),
  };
}
