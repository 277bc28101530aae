/** Items per second over a sliding window, for progress and ETA. */
export class Rate {
  readonly #windowMs: number;
  #marks: { at: number; done: number }[] = [];

  constructor(windowMs = 15_000) {
    this.#windowMs = windowMs;
  }

  /** Notes that `done` items are finished at time `at` (ms). */
  mark(done: number, at = performance.now()): void {
    this.#marks.push({ at, done });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > this.#windowMs) this.#marks.shift();
  }

  /** Items per second, or null before there are two marks half a second apart. */
  perSecond(): number | null {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < 500) return null;
    return ((last.done - first.done) * 1000) / (last.at - first.at);
  }

  /** Seconds until `total`, or null where the rate is not known or zero. */
  etaSeconds(total: number): number | null {
    const rate = this.perSecond();
    const done = this.#marks.at(-1)?.done;
    if (rate === null || rate <= 0 || done === undefined || total === 0) return null;
    return Math.max(0, (total - done) / rate);
  }
}
