/** Unit vectors of many images in WebAssembly memory, and the exact search for the nearest ones by cosine. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

type KernelExports = {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  firstFreeAddress(): number;
  dotRows(matrix: number, query: number, rows: number, width: number, out: number): void;
};

// Node has WebAssembly; its types come only with TypeScript's DOM library, which the engine does without.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

const WASM_PATH = path.join(import.meta.dirname, 'wasm/neighbours.wasm');
const PAGE = 65536;
/** Rows are padded with zeros to a multiple of this many values: the kernel's stride. */
const LANES = 16;

let compiled: object | undefined;

/** A row of the matrix and its cosine to the query. */
export type Hit = { row: number; cosine: number };

/**
 * `rows` vectors of `dimension` float32 values. Fill every row(), then call normalise() once, then ask nearest().
 * A vector without direction (all zeros, or with values that are not finite) has cosine 0 to everything.
 */
export class NeighbourMatrix {
  readonly rows: number;
  readonly dimension: number;
  /** Resident memory in bytes. */
  readonly bytes: number;
  readonly #kernel: KernelExports;
  readonly #width: number;
  readonly #addresses: { matrix: number; query: number; scores: number };
  #standard: { mean: Float64Array; std: Float64Array } | null = null;

  /** Throws RangeError where the memory can not be had. */
  constructor(rows: number, dimension: number) {
    compiled ??= new WebAssembly.Module(readFileSync(WASM_PATH));
    this.#kernel = new WebAssembly.Instance(compiled).exports as KernelExports;
    this.rows = rows;
    this.dimension = dimension;
    this.#width = paddedWidth(dimension);
    this.bytes = NeighbourMatrix.bytesOf(rows, dimension);
    const query = Math.ceil(this.#kernel.firstFreeAddress() / 64) * 64;
    const matrix = query + 4 * this.#width;
    this.#addresses = { query, matrix, scores: matrix + 4 * rows * this.#width };
    this.#kernel.memory.grow(Math.ceil(this.bytes / PAGE) + 1);
  }

  /** What a matrix of this size takes in memory, scores and ids of the images included. */
  static bytesOf(rows: number, dimension: number): number {
    return 4 * ((rows + 1) * paddedWidth(dimension) + 2 * rows);
  }

  /** The values of a row, to be written to. */
  row(index: number): Float32Array {
    const from = this.#addresses.matrix + 4 * index * this.#width;
    return new Float32Array(this.#kernel.memory.buffer, from, this.dimension);
  }

  /** Gives every row length 1; with `zScored`, after each dimension got mean 0 and standard deviation 1 over the rows. */
  normalise(zScored: boolean): void {
    if (zScored) this.#standard = this.#statistics();
    for (let r = 0; r < this.rows; r++) this.#toUnit(this.row(r));
  }

  /** The `limit` rows with the largest cosine to a raw vector, nearest first, ties in row order. */
  nearest(vector: Float32Array, limit: number): Hit[] {
    const { query, matrix, scores } = this.#addresses;
    const unit = new Float32Array(this.#kernel.memory.buffer, query, this.dimension);
    unit.set(vector);
    this.#toUnit(unit);
    this.#kernel.dotRows(matrix, query, this.rows, this.#width, scores);
    return largest(new Float32Array(this.#kernel.memory.buffer, scores, this.rows), limit);
  }

  /** Mean and population standard deviation per dimension (Welford). */
  #statistics(): { mean: Float64Array; std: Float64Array } {
    const mean = new Float64Array(this.dimension);
    const m2 = new Float64Array(this.dimension);
    for (let r = 0; r < this.rows; r++) {
      const row = this.row(r);
      for (let d = 0; d < this.dimension; d++) {
        const delta = row[d]! - mean[d]!;
        mean[d]! += delta / (r + 1);
        m2[d]! += delta * (row[d]! - mean[d]!);
      }
    }
    return { mean, std: m2.map((value) => Math.sqrt(value / this.rows)) };
  }

  #toUnit(vector: Float32Array): void {
    const standard = this.#standard;
    let squares = 0;
    for (let d = 0; d < vector.length; d++) {
      if (standard !== null) {
        const std = standard.std[d]!;
        vector[d] = std > 0 ? (vector[d]! - standard.mean[d]!) / std : 0;
      }
      squares += vector[d]! ** 2;
    }
    if (!(squares > 0 && squares < Infinity)) {
      vector.fill(0);
      return;
    }
    const factor = 1 / Math.sqrt(squares);
    for (let d = 0; d < vector.length; d++) vector[d]! *= factor;
  }
}

function paddedWidth(dimension: number): number {
  return Math.ceil(dimension / LANES) * LANES;
}

/** The `limit` largest scores, largest first, by insertion: the list is short. */
function largest(scores: Float32Array, limit: number): Hit[] {
  const hits: Hit[] = [];
  if (limit <= 0) return hits;
  for (let row = 0; row < scores.length; row++) {
    const cosine = scores[row]!;
    if (hits.length === limit && cosine <= hits[limit - 1]!.cosine) continue;
    if (hits.length === limit) hits.pop();
    let at = hits.length;
    while (at > 0 && hits[at - 1]!.cosine < cosine) at--;
    hits.splice(at, 0, { row, cosine });
  }
  // The kernel's sums round: the same vector must not be nearer than 1.
  return hits.map((hit) => ({ ...hit, cosine: Math.max(-1, Math.min(1, hit.cosine)) }));
}
