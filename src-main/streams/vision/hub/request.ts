/** Requests to the hub: redirects followed by hand so that the token stays at home, failures in our own words. */
import { StudioError } from '../../../../src-shared/errors.ts';
import { Silence, exchange, type Exchange } from './exchange.ts';
import { TryAgain, throwIfCancelled } from './retry.ts';
import type { HubSettings } from './settings.ts';

/** What every request of this folder needs. */
export type RequestContext = {
  settings: HubSettings;
  signal?: AbortSignal | undefined;
  /** Longest silence, in milliseconds, before a connection counts as dead (default 30 s). */
  stallMs?: number | undefined;
};

/** A reply whose body is read chunk by chunk. Call `close` in any case. */
export type HubReply = Exchange & {
  /** Headers of the redirects before, first one first. */
  passed: Headers[];
  /** The host that replied, and whether it is the endpoint itself rather than one that it redirected to. */
  host: string;
  fromHub: boolean;
};

const MAX_REDIRECTS = 8;
const DEFAULT_STALL_MS = 30_000;

/** Sends a request; the token goes along only to the endpoint's own origin, and never over plain http unless to this
 *  machine. Redirects are followed; `stopAtOtherHost` returns the redirect to another host instead.
 *  Throws TryAgain on network failures and silence; 'not-available' when offline; 'cancelled'. */
export async function hubRequest({
  settings,
  signal,
  stallMs = DEFAULT_STALL_MS,
  url,
  method = 'GET',
  headers = {},
  stopAtOtherHost = false,
}: RequestContext & {
  url: string;
  method?: 'GET' | 'HEAD';
  headers?: Record<string, string>;
  stopAtOtherHost?: boolean;
}): Promise<HubReply> {
  if (settings.offline)
    throw new StudioError('not-available', 'HF_HUB_OFFLINE is set: no request is made', {
      hint: 'Unset HF_HUB_OFFLINE to download.',
    });
  const hub = new URL(settings.endpoint);
  const passed: Headers[] = [];
  let at = new URL(url);
  let token = settings.token;
  while (passed.length <= MAX_REDIRECTS) {
    const { host } = at;
    const inOurWords = (error: unknown) => failureOf(error, host, signal);
    throwIfCancelled(signal);
    if (at.origin !== hub.origin || !isPrivateLine(at)) token = null; // and never again on this way
    const reply = await exchange({
      url: at,
      method,
      stallMs,
      signal,
      headers: {
        'user-agent': 'biqa-studio',
        'accept-encoding': 'identity', // sizes and ranges are those of the file itself
        ...headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
    }).catch((error: unknown) => Promise.reject(inOurWords(error)));
    const next = redirectTarget(reply, at);
    if (next === null || (stopAtOtherHost && next.origin !== hub.origin)) {
      const chunks = () => translated(reply.chunks(), inOurWords);
      return { ...reply, chunks, passed, host, fromHub: at.origin === hub.origin };
    }
    reply.close();
    passed.push(reply.headers);
    at = next;
  }
  throw new StudioError('not-available', `${hub.host} redirects in circles`, { hint: 'Check HF_ENDPOINT.' });
}

function redirectTarget({ status, headers }: Exchange, at: URL): URL | null {
  const location = headers.get('location');
  const redirects = [301, 302, 303, 307, 308].includes(status);
  if (!redirects || location === null || !URL.canParse(location, at.href)) return null;
  const target = new URL(location, at.href);
  return /^https?:$/.test(target.protocol) ? target : null;
}

/** https, or this machine: only there may a token be sent. */
function isPrivateLine(url: URL): boolean {
  return url.protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

async function* translated(
  chunks: AsyncGenerator<Uint8Array, void>,
  inOurWords: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* chunks;
  } catch (error) {
    throw inOurWords(error);
  }
}

function failureOf(error: unknown, host: string, signal: AbortSignal | undefined): unknown {
  throwIfCancelled(signal);
  const { code = '', message } = error as NodeJS.ErrnoException;
  const certificate = /CERT|TLS|SIGNED|SIGNATURE/.test(code);
  const why = error instanceof Silence || code === '' ? message : code;
  const failure = new StudioError('not-available', `The connection to ${host} failed: ${why}`, {
    hint: certificate
      ? 'A proxy or firewall replaces certificates: point NODE_EXTRA_CA_CERTS to its authority.'
      : 'Check the network (NODE_USE_ENV_PROXY=1 behind a proxy) and HF_ENDPOINT, then start the download again; what is there is kept.',
    cause: error,
  });
  return certificate ? failure : new TryAgain(failure);
}
