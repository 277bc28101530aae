/** Where the hub is, where its cache lies and whether the network may be used: the environment variables of huggingface_hub. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { StudioError } from '../../../../src-shared/errors.ts';

/** Everything that a request or a look into the cache needs to know of the surroundings. */
export type HubSettings = {
  /** Origin (and path) of the hub, without a slash at the end. */
  endpoint: string;
  /** Access token, or null. It is sent to the endpoint only. */
  token: string | null;
  /** Folder that holds `models--owner--name`. */
  cacheFolder: string;
  /** True: not one request may be made. */
  offline: boolean;
};

const TRUE_VALUES = ['1', 'ON', 'YES', 'TRUE'];

/** Reads the settings from HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME and
 *  HF_HUB_OFFLINE. Depends on its arguments only; `readText` gives a file's text or null where there is none.
 *  Throws 'bad-input' where HF_ENDPOINT is not an http(s) address. */
export function resolveHubSettings({
  env = process.env,
  userFolder = homedir(),
  readText = textOrNull,
}: {
  env?: Record<string, string | undefined>;
  userFolder?: string;
  readText?: (file: string) => string | null;
} = {}): HubSettings {
  const folder = (value: string) =>
    path.resolve(value === '~' || /^~[\\/]/.test(value) ? path.join(userFolder, value.slice(1)) : value);
  const home = folder(env.HF_HOME || path.join(env.XDG_CACHE_HOME || '~/.cache', 'huggingface'));
  const tokenFile = folder(env.HF_TOKEN_PATH || path.join(home, 'token'));
  return {
    endpoint: endpointOf(env.HF_ENDPOINT),
    token: env.HF_TOKEN?.trim() || readText(tokenFile)?.trim() || null,
    cacheFolder: folder(env.HF_HUB_CACHE || path.join(home, 'hub')),
    offline: TRUE_VALUES.includes((env.HF_HUB_OFFLINE ?? '').trim().toUpperCase()),
  };
}

function endpointOf(value: string | undefined): string {
  const text = value?.trim() || 'https://huggingface.co';
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new StudioError('bad-input', `HF_ENDPOINT is not a web address: "${text}"`, {
      hint: 'Set it to something like https://huggingface.co, or unset it.',
    });
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

function textOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null; // no token file is the normal case
  }
}
