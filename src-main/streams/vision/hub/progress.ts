/** How far a download is, how fast it goes and how long it will take. */

/** What a download tells of itself, several times a second at most. */
export type DownloadProgress = {
  /** 'download' bytes come; 'verify' the whole file is hashed; 'wait' until the next try (see `reason`). */
  phase: 'download' | 'verify' | 'wait';
  /** The file in work. */
  path: string;
  /** Bytes of it that are there (or verified), and in all. */
  fileBytes: number;
  fileSize: number;
  /** The same for all files of the model; those already in the cache do not count. */
  bytes: number;
  size: number;
  /** Mean of the last seconds; null until it is known, and when nothing is downloaded. */
  bytesPerSecond: number | null;
  /** Time to the end of all files at that rate. */
  secondsLeft: number | null;
  /** Why and for how long the download waits. */
  reason?: string;
};

/** Takes what happens and calls back with progress. */
export type Meter = {
  bytes: (fileBytes: number, phase: 'download' | 'verify') => void;
  wait: (ms: number, reason: string) => void;
};

const WINDOW_MS = 5000;
const SAMPLE_MS = 100;
const EVERY_MS = 200;

/** Measures one file; `before` and `size` place it among all files. Changes of phase and the end are always told. */
export function fileMeter({
  path,
  fileSize,
  before = 0,
  size = fileSize,
  onProgress,
  now = () => performance.now(),
}: {
  path: string;
  fileSize: number;
  /** Bytes of the files that came before this one. */
  before?: number;
  /** Bytes of all files. */
  size?: number;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  now?: () => number;
}): Meter {
  /** What was there when, over the last seconds. */
  let samples: { at: number; bytes: number }[] = [];
  let told = { at: Number.NEGATIVE_INFINITY, phase: '', fileBytes: -1 };
  let fileBytes = 0;

  const rate = (): number | null => {
    const first = samples[0];
    const last = samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < EVERY_MS) return null;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  };
  const tell = (phase: DownloadProgress['phase'], reason?: string) => {
    const bytesPerSecond = phase === 'download' ? rate() : null;
    const bytes = before + (phase === 'verify' ? fileSize : fileBytes);
    onProgress?.({
      phase,
      path,
      fileBytes,
      fileSize,
      bytes,
      size,
      bytesPerSecond,
      secondsLeft: bytesPerSecond === null || bytesPerSecond <= 0 ? null : (size - bytes) / bytesPerSecond,
      ...(reason === undefined ? {} : { reason }),
    });
    told = { at: now(), phase, fileBytes };
  };

  return {
    bytes: (count, phase) => {
      const at = now();
      if (phase === 'download') {
        if (count < fileBytes || told.phase !== 'download') samples = []; // begun anew, or after a wait
        const previous = samples.at(-2);
        if (previous !== undefined && at - previous.at < SAMPLE_MS) samples.pop(); // the last one moves along
        samples.push({ at, bytes: count });
        while (samples.length > 2 && at - samples[0]!.at > WINDOW_MS) samples.shift();
      }
      fileBytes = count;
      const due = at - told.at >= EVERY_MS || phase !== told.phase || count === fileSize;
      if (due && !(count === told.fileBytes && phase === told.phase)) tell(phase);
    },
    wait: (ms, reason) => tell('wait', `${reason}; next try in ${Math.max(1, Math.round(ms / 1000))} s`),
  };
}
