import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import { StudioError, type ErrorShape } from '../../src-shared/errors.ts';
import type { Job, StudioEvent } from '../../src-shared/jobs.ts';
import type { AppRouter } from '../api/router.ts';
import { responseError } from '../host/error-response.ts';
import { joinEngine } from './join.ts';

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
  let engine = await joinEngine(home);
  // The engine may end before this command (a closed window): what it did not get goes to a new one.
  const ask = async (request: Request): Promise<Response> => {
    const again = request.clone();
    try {
      return await engine.handler(request, { trust: 'local' });
    } catch (error) {
      if (engine.own || !(request.method === 'GET' || neverArrived(error))) throw error;
      engine = await joinEngine(home);
      return engine.handler(again, { trust: 'local' });
    }
  };
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
    get ownEngine() {
      return engine.own;
    },
    async get(path) {
      const response = await ask(new Request(new URL(path, 'http://localhost')));
      if (!response.ok) throw await responseError(response);
      return response;
    },
    finish: (job, onProgress) => finishJob(api, ask, job, onProgress),
    async close() {
      await engine.guestsGone();
      await engine.close();
    },
  };
}

/** Whether a request failed before anybody could have acted on it. */
function neverArrived(error: unknown): boolean {
  if (!(error instanceof StudioError) || error.code !== 'not-found') return false;
  const { code } = (error.cause ?? { code: 'ENOENT' }) as { code?: string };
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

async function finishJob(
  api: Api,
  ask: (request: Request) => Promise<Response>,
  id: number,
  onProgress: (job: Job) => void,
): Promise<Job> {
  const cancel = () => void api.jobs.act.mutate({ id, action: 'cancel' }).catch(() => undefined);
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  try {
    let job: Job;
    do job = await watchJob(api, ask, id, onProgress);
    while (isActive(job));
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
    process.off('SIGINT', cancel);
    process.off('SIGTERM', cancel);
  }
}

/** Follows the event stream until the job has ended, or the stream has: then the job comes back still active. */
async function watchJob(
  api: Api,
  ask: (request: Request) => Promise<Response>,
  id: number,
  onProgress: (job: Job) => void,
): Promise<Job> {
  const response = await ask(new Request('http://localhost/events'));
  if (!response.ok) throw await responseError(response);
  const reader = response.body!.getReader();
  try {
    const events = readEvents(reader);
    let job = await api.jobs.get.query({ id }); // it may have ended before the stream began
    while (isActive(job)) {
      const next = await events.next().catch(() => null);
      if (next === null || next.done === true) break;
      if (next.value.type !== 'job' || next.value.job.id !== id) continue;
      job = next.value.job;
      onProgress(job);
    }
    return job;
  } finally {
    await reader.cancel().catch(() => undefined); // the engine may be gone
  }
}

function isActive(job: Job): boolean {
  return job.status === 'queued' || job.status === 'running';
}

async function* readEvents(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<StudioEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const messages = text.split('\n\n');
    text = messages.pop()!;
    for (const message of messages) {
      if (message.startsWith('data: ')) yield JSON.parse(message.slice(6)) as StudioEvent;
    }
  }
}

/** The ErrorShape inside a failed API call, else the error as it is. */
export function unwrapApiError(error: unknown): unknown {
  if (!(error instanceof TRPCClientError)) return error;
  if (error.cause instanceof StudioError) return error.cause;
  const shape = (error.data as { studio?: ErrorShape } | null | undefined)?.studio;
  return shape === undefined ? error : StudioError.fromShape(shape);
}
