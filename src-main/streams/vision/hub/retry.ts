/** Trying again, politely: exponential back-off with jitter, and the server's own Retry-After. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError } from '../../../../src-shared/errors.ts';

/** How long to be patient. Times in milliseconds. */
export type RetryPolicy = {
  /** Tries in a row that bring nothing new before giving up. */
  attempts: number;
  /** Wait after the first failure; doubled after each further one. */
  firstWaitMs: number;
  maxWaitMs: number;
  /** A Retry-After above this is not waited for: the user is told instead. */
  maxRetryAfterMs: number;
};

/** Six fruitless tries within about half a minute. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 6,
  firstWaitMs: 1000,
  maxWaitMs: 30_000,
  maxRetryAfterMs: 300_000,
};

/** Thrown inside `work` for a failure that may pass; never leaves this folder: `withRetries` unwraps it. */
export class TryAgain extends Error {
  readonly failure: StudioError;
  readonly retryAfterMs: number | null;

  constructor(failure: StudioError, retryAfterMs: number | null = null) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Runs `work` until it succeeds, fails for good, or brought nothing new `attempts` times in a row. `work` calls
 *  `progressed` when it got further than ever before, so a line that is cut every minute still finishes.
 *  Throws the failure of the last try, or 'cancelled'. */
export async function withRetries<T>({
  work,
  policy = DEFAULT_RETRY,
  signal,
  onWait,
}: {
  work: (progressed: () => void) => Promise<T>;
  policy?: RetryPolicy;
  signal?: AbortSignal | undefined;
  /** Told before each wait: how long, and why. */
  onWait?: (waitMs: number, reason: StudioError) => void;
}): Promise<T> {
  let fruitless = 0;
  for (;;) {
    throwIfCancelled(signal);
    try {
      return await work(() => (fruitless = 0));
    } catch (error) {
      throwIfCancelled(signal);
      if (!(error instanceof TryAgain)) throw error;
      fruitless += 1;
      const waitMs = error.retryAfterMs ?? backOff(policy, fruitless);
      if (fruitless >= policy.attempts || waitMs > policy.maxRetryAfterMs)
        throw gaveUp(error, fruitless, policy);
      onWait?.(waitMs, error.failure);
      // An aborted sleep rejects; the loop's head turns it into 'cancelled'.
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }
}

/** Milliseconds that a Retry-After header asks for (seconds or an HTTP date), or null. */
export function retryAfterMs(header: string | null, now = Date.now()): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** Throws 'cancelled' when the signal was aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new StudioError('cancelled', 'The download was cancelled', {
      hint: 'Start it again to go on where it stopped.',
    });
}

function backOff({ firstWaitMs, maxWaitMs }: RetryPolicy, fruitless: number): number {
  const full = Math.min(maxWaitMs, firstWaitMs * 2 ** (fruitless - 1));
  return full * (0.75 + Math.random() / 4); // jitter: many clients must not come back at the same moment
}

function gaveUp({ failure, retryAfterMs }: TryAgain, tries: number, policy: RetryPolicy): StudioError {
  const told = retryAfterMs !== null && retryAfterMs > policy.maxRetryAfterMs;
  return new StudioError(failure.code, failure.message + (tries > 1 ? ` (${tries} tries in a row)` : ''), {
    hint: told
      ? `The hub asks to wait ${Math.ceil(retryAfterMs / 60_000)} minutes. Start the download again then; what is there is kept.`
      : (failure.hint ?? 'Start the download again; what is there is kept.'),
    cause: failure,
  });
}
