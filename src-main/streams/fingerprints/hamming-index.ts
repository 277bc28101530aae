/**
 * Multi-index hashing (Norouzi, Punjani and Fleet, 2012): all 64-bit hashes within a Hamming distance of a query, exactly.
 * Each hash is cut into four bands of 16 bits with a table per band. Two hashes that differ in at most r bits differ in at most
 * floor(r / 4) bits in one of the bands at least, so that looking up every band within that radius misses nothing.
 */

const BANDS = 4;
const VALUES = 65536;
/** Beyond this radius of a band the table has more neighbours than a scan has rows. */
const MAX_BAND_RADIUS = 2;

/** One band's table: the rows whose band has value v are rows[starts[v]] .. rows[starts[v + 1] - 1]. */
type Table = { starts: Int32Array; rows: Int32Array };

/** A row within the distance asked for. */
export type NearHash = { row: number; distance: number };

export class HammingIndex {
  /** Bands of all hashes, 4 per row. */
  readonly #bands: Uint16Array;
  readonly #rows: number;
  readonly #tables: Table[];
  /** The last query that met a row, so that a row met in several bands counts once. */
  readonly #met: Int32Array;
  #query = 0;

  /** `hashes` are 8 bytes each. */
  constructor(hashes: readonly Uint8Array[]) {
    this.#rows = hashes.length;
    this.#bands = new Uint16Array(hashes.length * BANDS);
    hashes.forEach((hash, row) => this.#bands.set(bandsOf(hash), row * BANDS));
    this.#tables = Array.from({ length: BANDS }, (_, band) => this.#table(band));
    this.#met = new Int32Array(hashes.length);
  }

  /** Rows whose hash differs from `hash` in at most `radius` bits (0 to 11), in row order. Throws RangeError for a larger radius. */
  within(hash: Uint8Array, radius: number): NearHash[] {
    const bandRadius = Math.floor(radius / BANDS);
    if (radius < 0 || bandRadius > MAX_BAND_RADIUS)
      throw new RangeError(`Radius ${radius} is not in 0 to 11`);
    const query = bandsOf(hash);
    const mark = ++this.#query;
    const found: NearHash[] = [];
    this.#tables.forEach(({ starts, rows }, band) => {
      for (const flip of FLIPS[bandRadius]!) {
        const value = query[band]! ^ flip;
        for (let k = starts[value]!; k < starts[value + 1]!; k++) {
          const row = rows[k]!;
          if (this.#met[row] === mark) continue;
          this.#met[row] = mark;
          const distance = this.#distance(query, row);
          if (distance <= radius) found.push({ row, distance });
        }
      }
    });
    return found.sort((a, b) => a.row - b.row);
  }

  #distance(query: Uint16Array, row: number): number {
    let bits = 0;
    for (let band = 0; band < BANDS; band++)
      bits += POPULATION[query[band]! ^ this.#bands[row * BANDS + band]!]!;
    return bits;
  }

  /** Counting sort of the rows by one band. */
  #table(band: number): Table {
    const starts = new Int32Array(VALUES + 1);
    for (let row = 0; row < this.#rows; row++) starts[this.#bands[row * BANDS + band]! + 1]!++;
    for (let value = 0; value < VALUES; value++) starts[value + 1]! += starts[value]!;
    const next = starts.slice();
    const rows = new Int32Array(this.#rows);
    for (let row = 0; row < this.#rows; row++) rows[next[this.#bands[row * BANDS + band]!]!++] = row;
    return { starts, rows };
  }
}

/** Bits set in each 16-bit value. */
const POPULATION = Uint8Array.from({ length: VALUES }, (_, value) => {
  let bits = 0;
  for (let rest = value; rest > 0; rest >>= 1) bits += rest & 1;
  return bits;
});

/** Per radius: every 16-bit value with at most that many bits, which is what to flip in a band. */
const FLIPS = Array.from({ length: MAX_BAND_RADIUS + 1 }, (_, radius) =>
  Array.from(POPULATION.keys()).filter((value) => POPULATION[value]! <= radius),
);

function bandsOf(hash: Uint8Array): Uint16Array {
  return Uint16Array.from({ length: BANDS }, (_, band) => hash[2 * band]! | (hash[2 * band + 1]! << 8));
}
