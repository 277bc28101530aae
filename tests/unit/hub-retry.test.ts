import { describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { TryAgain, retryAfterMs, withRetries } from '../../src-main/streams/vision/hub/retry.ts';

const failure = new StudioError('not-available', 'line is down', { hint: 'wait' });
const policy = { attempts: 4, firstWaitMs: 2, maxWaitMs: 5, maxRetryAfterMs: 50 };

describe('withRetries', () => {
  it('gives up after so many fruitless tries, with the last failure, waiting longer each time up to the limit', async () => {
    const waits: number[] = [];
    let tries = 0;
    const work = () => Promise.reject((tries++, new TryAgain(failure)));
    const run = withRetries({ work, policy, onWait: (ms) => waits.push(ms) });
    await expect(run).rejects.toMatchObject({
      code: 'not-available',
      message: 'line is down (4 tries in a row)',
      hint: 'wait',
    });
    expect(tries).toBe(4);
    expect(waits).toHaveLength(3);
    for (const [i, full] of [2, 4, 5].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(full * 0.75);
      expect(waits[i]).toBeLessThanOrEqual(full);
    }
  });

  it('does not count failures that brought something new', async () => {
    let tries = 0;
    const work = (progressed: () => void) => {
      tries += 1;
      if (tries > 12) return Promise.resolve('done');
      progressed();
      return Promise.reject(new TryAgain(failure));
    };
    await expect(withRetries({ work, policy })).resolves.toBe('done');
  });

  it('waits as long as the server says, but not for ever', async () => {
    const waits: number[] = [];
    let asked = 20;
    const work = () => {
      const error = new TryAgain(failure, asked);
      asked = 5000;
      return Promise.reject(error);
    };
    const run = withRetries({ work, policy, onWait: (ms) => waits.push(ms) });
    await expect(run).rejects.toMatchObject({ hint: expect.stringContaining('asks to wait 1 minutes') });
    expect(waits).toEqual([20]);
  });

  it('does not repeat a failure for good, and stops at once when cancelled', async () => {
    let tries = 0;
    const forGood = () => Promise.reject((tries++, failure));
    await expect(withRetries({ work: forGood, policy })).rejects.toBe(failure);
    expect(tries).toBe(1);

    const cancel = new AbortController();
    const slow = { ...policy, firstWaitMs: 60_000, maxWaitMs: 60_000, maxRetryAfterMs: 60_000 };
    const run = withRetries({
      work: () => Promise.reject(new TryAgain(failure)),
      policy: slow,
      signal: cancel.signal,
      onWait: () => setTimeout(() => cancel.abort(), 5),
    });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('retryAfterMs', () => {
  it('reads seconds and HTTP dates', () => {
    const now = Date.parse('2025-01-01T00:00:00Z');
    expect(retryAfterMs('3', now)).toBe(3000);
    expect(retryAfterMs('Wed, 01 Jan 2025 00:00:10 GMT', now)).toBe(10_000);
    expect(retryAfterMs('Tue, 31 Dec 2024 00:00:00 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeNull();
    expect(retryAfterMs(null, now)).toBeNull();
  });
});
