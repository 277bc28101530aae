/** Writes to the catalog that run behind a job's work. The first one that fails ends the work. */
export class WriteBehind {
  /** Aborted when the job is stopped, and when a write has failed. */
  readonly signal: AbortSignal;
  readonly #broken = new AbortController();
  readonly #writes = new Set<Promise<void>>();
  #failure: { error: unknown } | null = null;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#broken.signal]);
  }

  /** Takes over a write that has begun. */
  add(write: Promise<void>): void {
    // Caught here and not at the end: a rejection that nobody waits for yet would end the process.
    const caught = write.catch((error: unknown) => {
      this.#failure ??= { error };
      this.#broken.abort();
    });
    const listed = caught.then(() => void this.#writes.delete(listed));
    this.#writes.add(listed);
  }

  /** Resolves when what is being written now has ended, however it ends; null: nothing is. */
  get room(): Promise<unknown> | null {
    return this.#writes.size === 0 ? null : Promise.all(this.#writes);
  }

  /** Resolves when every write has ended; throws the first failure. */
  async settle(): Promise<void> {
    await Promise.all(this.#writes);
    if (this.#failure !== null) throw this.#failure.error;
  }
}
