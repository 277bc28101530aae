/** Which of many points lies under the pointer, without a look at all of them. Pure. */

/** Points by square cells of `reach` px; a point that is not finite is in none. */
export class HitGrid {
  #cells = new Map<number, number[]>();
  #xs: ArrayLike<number>;
  #ys: ArrayLike<number>;
  #reach: number;

  /** Positions in px; `reach` is how far from its centre a point can be hit. */
  constructor(xs: ArrayLike<number>, ys: ArrayLike<number>, reach: number) {
    this.#xs = xs;
    this.#ys = ys;
    this.#reach = reach;
    for (let i = 0; i < xs.length; i++) {
      if (!Number.isFinite(xs[i]) || !Number.isFinite(ys[i])) continue;
      const key = this.#key(this.#cell(xs[i]!), this.#cell(ys[i]!));
      const cell = this.#cells.get(key);
      if (cell === undefined) this.#cells.set(key, [i]);
      else cell.push(i);
    }
  }

  /** Index of the nearest point closer than the reach, the first of equals; null where there is none. */
  nearest(x: number, y: number): number | null {
    let best: number | null = null;
    let distance = this.#reach ** 2;
    const column = this.#cell(x);
    const row = this.#cell(y);
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        for (const i of this.#cells.get(this.#key(column + dx, row + dy)) ?? []) {
          const d = (this.#xs[i]! - x) ** 2 + (this.#ys[i]! - y) ** 2;
          if (d > distance || (d === distance && (best === null || i > best))) continue;
          best = i;
          distance = d;
        }
      }
    }
    return best;
  }

  #cell(position: number): number {
    return Math.floor(position / this.#reach);
  }

  /** One number per cell: canvases are far smaller than 2^20 cells, to either side of zero. */
  #key(column: number, row: number): number {
    return column * 2 ** 21 + row;
  }
}
