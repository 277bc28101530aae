import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import { StudioError, type ErrorShape } from '../../src-shared/errors.ts';
import type { Job, StudioEvent } from '../../src-shared/jobs.ts';
import type { AppRouter } from '../api/router.ts';
import { startEngine } from '../engine.ts';
import { responseError } from '../host/error-response.ts';
import type { EngineHandler } from '../host/handler.ts';
import { findRunningEngine } from '../host/running-engine.ts';

type Api = ReturnType<typeof createTRPCClient<AppRouter>>;

/** The command line's way to an engine: the running one of the home, or one of its own for as long as it lives. */
export type StudioClient = {
  api: Api;
  /** True where the engine ends with this command: its jobs go on only as long as the command waits. */
  ownEngine: boolean;
  /** GET of a route of the engine; throws StudioError for any answer but 2xx. */
  get(path: string): Promise<Response>;
  /** Waits for a job, telling of its progress; SIGINT cancels it. Throws the job's error. */
  finish(job: number, onProgress: (job: Job) => void): Promise<Job>;
  close(): Promise<void>;
};

/** Connects to the home's engine, or starts one in this process. Throws StudioError version-mismatch or busy. */
export async function connect(home: string | undefined): Promise<StudioClient> {
  const running = await findRunningEngine(home);
  if (running !== null) return { ...clientOf(running.handler), ownEngine: false, close: async () => {} };
  const engine = await startEngine({ home });
  return { ...clientOf(engine.handler), ownEngine: true, close: () => engine.close() };
}

function clientOf(handler: EngineHandler): Pick<StudioClient, 'api' | 'get' | 'finish'> {
  const ask = (request: Request) => handler(request, { trust: 'local' });
  const api = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: 'http://localhost/trpc',
        fetch: (url, init) =>
          ask(new Request(url as string, { ...(init as RequestInit), duplex: 'half' } as RequestInit)),
      }),
    ],
  });
  return {
    api,
    async get(path) {
      const response = await ask(new Request(new URL(path, 'http://localhost')));
      if (!response.ok) throw await responseError(response);
      return response;
    },
    finish: (job, onProgress) => finishJob(api, ask, job, onProgress),
  };
}

async function finishJob(
  api: Api,
  ask: (request: Request) => Promise<Response>,
  id: number,
  onProgress: (job: Job) => void,
): Promise<Job> {
  const gone = new AbortController();
  const cancel = () => void api.jobs.act.mutate({ id, action: 'cancel' }).catch(() => undefined);
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  try {
    const response = await ask(new Request('http://localhost/events', { signal: gone.signal }));
    let job = await api.jobs.get.query({ id }); // it may have ended before the stream began
    const events = readEvents(response);
    while (job.status === 'queued' || job.status === 'running') {
      const { value: event, done } = await events.next().catch(engineGone);
      if (done === true) engineGone();
      if (event.type !== 'job' || event.job.id !== id) continue;
      job = event.job;
      onProgress(job);
    }
    if (job.status === 'failed' && job.error !== null) throw StudioError.fromShape(job.error);
    if (job.status === 'cancelled')
      throw new StudioError('cancelled', 'Cancelled', {
        hint: job.actions.includes('retry')
          ? `Finished work is kept; go on with: studio jobs retry ${id}`
          : 'Run the command again.',
      });
    if (job.status === 'paused')
      throw new StudioError('cancelled', `Job ${id} was paused`, { hint: `studio jobs resume ${id}` });
    return job;
  } finally {
    gone.abort();
    process.off('SIGINT', cancel);
    process.off('SIGTERM', cancel);
  }
}

function engineGone(cause?: unknown): never {
  throw new StudioError('internal', 'The engine went away', {
    hint: 'Run the command again: finished work is kept.',
    cause,
  });
}

async function* readEvents(response: Response): AsyncGenerator<StudioEvent> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    let end: number;
    while ((end = text.indexOf('\n\n')) >= 0) {
      const message = text.slice(0, end);
      text = text.slice(end + 2);
      if (message.startsWith('data: ')) yield JSON.parse(message.slice(6)) as StudioEvent;
    }
  }
}

/** The ErrorShape inside a failed API call, else the error as it is. */
export function unwrapApiError(error: unknown): unknown {
  if (!(error instanceof TRPCClientError)) return error;
  const shape = (error.data as { studio?: ErrorShape } | null | undefined)?.studio;
  return shape === undefined ? error : StudioError.fromShape(shape);
}
