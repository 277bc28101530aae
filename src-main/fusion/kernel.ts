/** The WebAssembly kernels of fusion (wasm/assembly): one instance has its own memory, laid out by whoever uses it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';

/** Float64 values of workspace that `hybridLoss` needs for `n` images (wasm/assembly/loss.ts). */
export function hybridLossWorkspace(n: number): number {
  return 5 * (n + 4);
}

/** The exports of fusion.wasm (wasm/assembly/index.ts); vectors are addresses in its memory. */
type KernelExports = {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  firstFreeAddress(): number;
  sumOfSquares(values: number, n: number): number;
  adamW(
    ...parameters: [p: number, g: number, m: number, v: number, n: number, ...factors: AdamWFactors]
  ): void;
  fillDropoutMask(mask: number, n: number, threshold: number, kept: number, state: number): void;
  gelu(x: number, mask: number, h: number, n: number): void;
  narrowForward(
    ...parameters: [
      weight: number,
      bias: number,
      h: number,
      outputs: number,
      inputs: number,
      n: number,
      y: number,
    ]
  ): void;
  narrowBackward(
    ...parameters: [
      weight: number,
      dy: number,
      h: number,
      outputs: number,
      inputs: number,
      n: number,
      dWeight: number,
      dBias: number,
      dh: number,
    ]
  ): void;
  toGates(logits: number, n: number): void;
  applyGates(x: number, gates: number, widths: number, streams: number, n: number, gated: number): void;
  backThroughGates(
    ...parameters: [slope: number, x: number, gates: number, widths: number, streams: number, n: number]
  ): void;
  hybridLoss(
    ...parameters: [
      predictions: number,
      targets: number,
      n: number,
      lambdaPlcc: number,
      lambdaRank: number,
      slope: number,
      workspace: number,
    ]
  ): number;
  tridiagonalize(
    ...parameters: [
      a: number,
      n: number,
      d: number,
      e: number,
      h: number,
      q: number,
      p: number,
      negligible: number,
    ]
  ): void;
  backTransform(a: number, n: number, h: number, vectors: number, count: number): void;
  largestEigenvalues(
    ...parameters: [
      d: number,
      squares: number,
      n: number,
      count: number,
      bound: number,
      precision: number,
      tiny: number,
      values: number,
    ]
  ): void;
  addColumns(block: number, rows: number, columns: number, sums: number): void;
  addDeviations(
    ...parameters: [block: number, rows: number, columns: number, mean: number, sums: number, squares: number]
  ): void;
  standardize(
    ...parameters: [block: number, rows: number, columns: number, mean: number, scale: number, z: number]
  ): void;
  toSingle(values: number, n: number): number;
  orthogonalize(basis: number, count: number, n: number): void;
};
type AdamWFactors = [
  beta1: number,
  beta2: number,
  meanGain: number,
  squareGain: number,
  keep: number,
  stepSize: number,
  epsilon: number,
];

// Node has WebAssembly; its types come only with TypeScript's DOM library, which the engine does without.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

const WASM_PATH = path.join(import.meta.dirname, 'wasm/fusion.wasm');
const PAGE = 65536;
/** Vectors start at multiples of a cache line. */
const ALIGNMENT = 64;

let compiled: object | undefined;

/**
 * Lets V8 compile the kernel for speed; to be called before the first instance is made, in processes that train. Optimized at once, because
 * a function runs for up to a second and would stay in the baseline code until its end. And with two neighbouring SIMD instructions as one of
 * twice the width, which V8 has for x64 and calls experimental; the bits are the same (tests/unit/fusion-kernel-width.test.ts). A V8 that
 * does not know the flag says so on stderr and goes on.
 */
export function optimizeKernel(): void {
  setFlagsFromString('--no-liftoff');
  if (process.arch === 'x64') setFlagsFromString('--experimental-wasm-revectorize');
}

/** An instance with a fixed amount of memory, from which vectors are taken one after the other. */
export class FusionKernel {
  readonly run: KernelExports;
  #next: number;

  /** `bytes`: what the vectors take together (their own lengths; alignment is added). Throws where memory is short. */
  constructor(bytes: number) {
    compiled ??= new WebAssembly.Module(readFileSync(WASM_PATH));
    this.run = new WebAssembly.Instance(compiled).exports as KernelExports;
    this.#next = this.run.firstFreeAddress();
    const { memory } = this.run;
    // Room for the alignment of 64 vectors; grown once, here, because growing would detach every view.
    const missing = this.#next + bytes + 64 * ALIGNMENT - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  }

  /** The next free `length` values, all 0. A view of the kernel's memory: ONNX Runtime works on it without a copy. */
  float32(length: number): Float32Array {
    return new Float32Array(this.run.memory.buffer, this.#take(4 * length), length);
  }

  /** The next free `length` values, all 0. */
  float64(length: number): Float64Array {
    return new Float64Array(this.run.memory.buffer, this.#take(8 * length), length);
  }

  /** The next free `length` values, all 0. */
  uint32(length: number): Uint32Array {
    return new Uint32Array(this.run.memory.buffer, this.#take(4 * length), length);
  }

  #take(bytes: number): number {
    const address = Math.ceil(this.#next / ALIGNMENT) * ALIGNMENT;
    this.#next = address + bytes;
    return address;
  }
}
