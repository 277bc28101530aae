import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveHubSettings } from '../../src-main/streams/vision/hub/settings.ts';

const userFolder = path.resolve('/home/u');
const at = (...parts: string[]) => path.join(userFolder, ...parts);
const settings = (env: Record<string, string>, files: Record<string, string> = {}) =>
  resolveHubSettings({ env, userFolder, readText: (file) => files[file] ?? null });

describe('resolveHubSettings', () => {
  it('has the defaults of huggingface_hub', () => {
    expect(settings({})).toEqual({
      endpoint: 'https://huggingface.co',
      token: null,
      cacheFolder: at('.cache', 'huggingface', 'hub'),
      offline: false,
    });
  });

  it('finds the cache by HF_HUB_CACHE, then HF_HOME, then XDG_CACHE_HOME', () => {
    const xdg = { XDG_CACHE_HOME: at('xdg') };
    expect(settings(xdg).cacheFolder).toBe(at('xdg', 'huggingface', 'hub'));
    const home = { ...xdg, HF_HOME: '~/hf' };
    expect(settings(home).cacheFolder).toBe(at('hf', 'hub'));
    expect(settings({ ...home, HF_HUB_CACHE: at('c') }).cacheFolder).toBe(at('c'));
  });

  it('finds the token by HF_TOKEN, then HF_TOKEN_PATH, then $HF_HOME/token', () => {
    const files = { [at('hf', 'token')]: 'of-home\n', [at('t')]: ' of-path ' };
    expect(settings({ HF_HOME: at('hf') }, files).token).toBe('of-home');
    expect(settings({ HF_HOME: at('hf'), HF_TOKEN_PATH: at('t') }, files).token).toBe('of-path');
    expect(settings({ HF_TOKEN: 'of-env', HF_TOKEN_PATH: at('t') }, files).token).toBe('of-env');
    expect(settings({ HF_HOME: at('other') }, files).token).toBeNull();
  });

  it.each([
    ['1', true],
    ['true', true],
    ['YES', true],
    ['0', false],
    ['', false],
  ])('HF_HUB_OFFLINE=%s means offline: %s', (value, offline) => {
    expect(settings({ HF_HUB_OFFLINE: value }).offline).toBe(offline);
  });

  it('takes any http(s) endpoint, without the slash at its end, and nothing else', () => {
    expect(settings({ HF_ENDPOINT: 'http://mirror:8080/hub/' }).endpoint).toBe('http://mirror:8080/hub');
    for (const value of ['mirror', 'file:///etc'])
      expect(() => settings({ HF_ENDPOINT: value })).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });
});
