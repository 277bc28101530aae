import { describe, expect, it, vi } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { WriteBehind } from '../../src-main/jobs/write-behind.ts';

describe('WriteBehind', () => {
  const full = () => Promise.reject(new StudioError('no-space', 'The disk is full'));

  it('ends work whose writes fail, with the reason and without an unhandled rejection', async () => {
    const writes = new WriteBehind(new AbortController().signal);
    writes.add(Promise.resolve());
    writes.add(full());
    await vi.waitFor(() => expect(writes.signal.aborted).toBe(true));
    writes.add(Promise.reject(new Error('a later one')));
    await expect(writes.settle()).rejects.toMatchObject({ code: 'no-space' });
  });

  it('does not hide that the user stopped the job', async () => {
    const stop = new AbortController();
    const writes = new WriteBehind(stop.signal);
    writes.add(Promise.resolve());
    stop.abort();
    expect(writes.signal.aborted).toBe(true);
    await writes.settle();
  });
});
