/** How many of the items added so far lie below a rank: a Fenwick tree, O(log n) for each call. */
export class RankCounter {
  readonly #tree: Int32Array;

  /** For ranks 0 .. size - 1. */
  constructor(size: number) {
    this.#tree = new Int32Array(size + 1);
  }

  /** Forgets all items. */
  clear(): void {
    this.#tree.fill(0);
  }

  /** Adds `count` items of a rank. */
  add(rank: number, count: number): void {
    for (let i = rank + 1; i < this.#tree.length; i += i & -i) this.#tree[i]! += count;
  }

  /** The number of items with a smaller rank. */
  below(rank: number): number {
    let total = 0;
    for (let i = rank; i > 0; i -= i & -i) total += this.#tree[i]!;
    return total;
  }
}
