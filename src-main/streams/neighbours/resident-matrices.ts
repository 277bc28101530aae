/** The matrices that the search keeps in memory: at most a budget of bytes, the least recently used go first. */
import { StudioError } from '../../../src-shared/errors.ts';
import type { StreamKey } from '../../catalog/features.ts';
import type { NeighbourScope } from '../../catalog/neighbours.ts';
import type { CatalogReader } from '../../catalog/reader.ts';
import { NeighbourMatrix } from './matrix.ts';

/** Which images' vectors: a stream version, within a dataset or everywhere. */
export type MatrixKey = StreamKey & { scope: NeighbourScope; zScored: boolean };
type Resident = { matrix: NeighbourMatrix; images: Int32Array; stamp: string; checked: boolean };

const MB = 1e6;

export class ResidentMatrices {
  readonly #reader: Pick<CatalogReader, 'neighbours'>;
  #budget: number;
  /** In order of use, the latest last. */
  readonly #resident = new Map<string, Resident>();

  constructor(reader: Pick<CatalogReader, 'neighbours'>, budgetBytes: number) {
    this.#reader = reader;
    this.#budget = budgetBytes;
  }

  /** Bytes held now; never over the budget. */
  get bytes(): number {
    return [...this.#resident.values()].reduce((sum, { matrix }) => sum + matrix.bytes, 0);
  }

  /** Another budget; what is over it goes. */
  setBudget(budgetBytes: number): void {
    this.#budget = budgetBytes;
    this.#makeRoom(0);
  }

  /** Features or datasets have changed: matrices are compared with the catalog before they are used again. */
  invalidate(): void {
    for (const resident of this.#resident.values()) resident.checked = false;
  }

  /** The matrix and the image id of each of its rows, loaded where need be. Throws StudioError 'not-available' over the budget. */
  get(key: MatrixKey): { matrix: NeighbourMatrix; images: Int32Array } {
    const name = JSON.stringify([key.stream, key.version, key.scope, key.zScored]);
    let found = this.#resident.get(name);
    this.#resident.delete(name);
    if (found !== undefined && !found.checked) {
      found.checked = found.stamp === this.#reader.neighbours.stamp(key.scope, key);
      if (!found.checked) found = undefined;
    }
    found ??= this.#load(key);
    this.#resident.set(name, found);
    return found;
  }

  #load(key: MatrixKey): Resident {
    const { neighbours } = this.#reader;
    // Before the vectors: what is written in between makes the next look load again.
    const stamp = neighbours.stamp(key.scope, key);
    return neighbours.read(key.scope, key, (n, rows) => {
      const images = new Int32Array(n);
      let matrix: NeighbourMatrix | null = null;
      let row = 0;
      for (const [image, blob] of rows) {
        matrix ??= this.#allocate(n, blob.byteLength / 4);
        if (blob.byteLength !== 4 * matrix.dimension)
          throw new StudioError('corrupt', `Stream "${key.stream}" has vectors of different lengths`, {
            hint: 'Extract or import its features again.',
          });
        const values = matrix.row(row);
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(blob);
        images[row++] = image;
      }
      matrix ??= this.#allocate(0, 1);
      matrix.normalise(key.zScored);
      return { matrix, images, stamp, checked: true };
    });
  }

  /** Makes room first, so that old and new are never in memory together. */
  #allocate(rows: number, dimension: number): NeighbourMatrix {
    const bytes = NeighbourMatrix.bytesOf(rows, dimension);
    if (bytes > this.#budget) {
      throw new StudioError(
        'not-available',
        `Nearest neighbours among ${rows} images need ${Math.ceil(bytes / MB)} MB of memory; the limit is ${Math.floor(this.#budget / MB)} MB`,
        {
          hint: `Allow ${Math.ceil(bytes / MB)} MB or more in the Settings (or by BIQA_NEIGHBOUR_MB), or search within one dataset.`,
        },
      );
    }
    this.#makeRoom(bytes);
    return new NeighbourMatrix(rows, dimension);
  }

  /** For `bytes` more within the budget. */
  #makeRoom(bytes: number): void {
    for (const name of this.#resident.keys()) {
      if (this.bytes + bytes <= this.#budget) return;
      this.#resident.delete(name);
    }
  }
}
