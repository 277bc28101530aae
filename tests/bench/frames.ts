/** What the window's main thread does per frame, from Chromium's own trace. */
import type { CDPSession } from '@playwright/test';

/** Per main-thread frame in ms: `cpu` is thread time, which other programs cannot stretch; `wall` is what passed. */
export type Frames = { cpu: number[]; wall: number[] };

type TraceEvent = {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
};

const CATEGORIES = [
  'devtools.timeline',
  'devtools.timeline.frame',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
];

/** Traces Chromium while `action` runs. Tasks count to the frame that they began in. */
export async function framesWhile(cdp: CDPSession, action: () => Promise<unknown>): Promise<Frames> {
  const events: TraceEvent[] = [];
  const collect = ({ value }: { value: object[] }) => events.push(...(value as TraceEvent[]));
  cdp.on('Tracing.dataCollected', collect);
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: CATEGORIES, recordMode: 'recordAsMuchAsPossible' },
  });
  await action();
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
  await cdp.send('Tracing.end');
  await complete;
  cdp.off('Tracing.dataCollected', collect);
  return framesOf(events);
}

function framesOf(events: readonly TraceEvent[]): Frames {
  const begins = events.filter(({ name }) => name === 'BeginMainThreadFrame');
  const threads = Map.groupBy(begins, ({ pid, tid }) => `${pid}/${tid}`);
  // The page's own main thread is the one that makes frames.
  const main = [...threads.entries()].sort((a, b) => b[1].length - a[1].length)[0];
  if (main === undefined) return { cpu: [], wall: [] };
  const starts = main[1].map(({ ts }) => ts).sort((a, b) => a - b);
  const cpu = starts.map(() => 0);
  const wall = starts.map(() => 0);
  const tasks = events
    .filter(({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && `${pid}/${tid}` === main[0])
    .sort((a, b) => a.ts - b.ts);
  let frame = -1;
  for (const { ts, dur = 0, tdur = 0 } of tasks) {
    // The task that begins a frame starts a moment before the frame's own mark lies inside it.
    while (frame + 1 < starts.length && starts[frame + 1]! <= ts + dur) frame++;
    if (frame < 0) continue;
    cpu[frame]! += tdur / 1000;
    wall[frame]! += dur / 1000;
  }
  return { cpu, wall };
}
