import { describe, expect, it } from 'vitest';
import { fileMeter, type DownloadProgress } from '../../src-main/streams/vision/hub/progress.ts';

/** A meter on a clock of our own. */
function metered(options: { fileSize: number; before?: number; size?: number }) {
  const told: DownloadProgress[] = [];
  const clock = { ms: 0 };
  const meter = fileMeter({ path: 'm', ...options, onProgress: (p) => told.push(p), now: () => clock.ms });
  return { told, clock, meter };
}

describe('fileMeter', () => {
  it('measures a steady rate and the time to the end of all files', () => {
    const { told, clock, meter } = metered({ fileSize: 10_000, before: 5000, size: 20_000 });
    for (let bytes = 0; bytes <= 10_000; bytes += 10, clock.ms += 10) meter.bytes(bytes, 'download'); // 1000 B/s
    const last = told.at(-1)!;
    expect(last).toMatchObject({ fileBytes: 10_000, bytes: 15_000, size: 20_000, phase: 'download' });
    expect(last.bytesPerSecond).toBeCloseTo(1000, 0);
    expect(last.secondsLeft).toBeCloseTo(5, 1);
    expect(told.length).toBeLessThanOrEqual(10_000 / 200 + 2); // about five a second
    expect(told[0]!.bytesPerSecond).toBeNull(); // nothing known yet
  });

  it('follows a change of speed within five seconds', () => {
    const { told, clock, meter } = metered({ fileSize: 1e9 });
    let bytes = 0;
    for (; clock.ms < 6000; clock.ms += 10) meter.bytes((bytes += 1000), 'download');
    for (; clock.ms < 11_500; clock.ms += 10) meter.bytes((bytes += 10), 'download');
    expect(told.at(-1)!.bytesPerSecond).toBeCloseTo(1000, -1);
  });

  it('tells every change of phase, and begins anew after a wait', () => {
    const { told, clock, meter } = metered({ fileSize: 100 });
    meter.bytes(10, 'download');
    clock.ms = 1;
    meter.wait(1500, 'cut');
    clock.ms = 60_000;
    meter.bytes(10, 'download');
    meter.bytes(50, 'verify');
    expect(told.map((p) => p.phase)).toEqual(['download', 'wait', 'download', 'verify']);
    expect(told[1]).toMatchObject({ reason: 'cut; next try in 2 s', fileBytes: 10 });
    expect(told[2]!.bytesPerSecond).toBeNull(); // not 0 bytes in a minute
    expect(told[3]).toMatchObject({ fileBytes: 50, bytes: 100, secondsLeft: null });
  });
});
