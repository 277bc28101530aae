import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Settings } from '../../src-main/home/settings.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const newFile = () => path.join(temporary('settings'), 'settings.json');

describe('settings of a home', () => {
  it('are the defaults where nothing was set, and nothing is written', () => {
    const file = newFile();
    const settings = new Settings(file, {});
    expect(settings.limit('thumbnails')).toEqual({
      megabytes: 1000,
      set: null,
      default: 1000,
      variable: 'BIQA_THUMBNAIL_MB',
      overridden: false,
    });
    expect([settings.bytes('thumbnails'), settings.bytes('neighbours')]).toEqual([1e9, 512e6]);
    expect(existsSync(file)).toBe(false);
  });

  it('outlive the process, one at a time, and can be taken back', () => {
    const file = newFile();
    new Settings(file, {}).setLimit('thumbnails', 20);
    new Settings(file, {}).setLimit('neighbours', 64);
    const again = new Settings(file, {});
    expect([again.bytes('thumbnails'), again.bytes('neighbours')]).toEqual([20e6, 64e6]);
    again.setLimit('thumbnails', null);
    expect(new Settings(file, {}).limit('thumbnails')).toMatchObject({ megabytes: 1000, set: null });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ limits: { neighbours: 64 } });
    expect(readdirSync(path.dirname(file))).toEqual(['settings.json']);
  });

  it('give way to environment variables, and hold again without them', () => {
    const file = newFile();
    const settings = new Settings(file, { BIQA_NEIGHBOUR_MB: '64', BIQA_THUMBNAIL_MB: '' });
    settings.setLimit('neighbours', 100);
    settings.setLimit('thumbnails', 200);
    expect(settings.limit('neighbours')).toMatchObject({ megabytes: 64, set: 100, overridden: true });
    expect(settings.limit('thumbnails')).toMatchObject({ megabytes: 200, set: 200, overridden: false });
    expect(new Settings(file, {}).limit('neighbours')).toMatchObject({ megabytes: 100, overridden: false });
  });

  it.each(['0', '-1', '1.5', 'lots', '12345678'])('refuse BIQA_THUMBNAIL_MB=%s', (text) => {
    expect(() => new Settings(newFile(), { BIQA_THUMBNAIL_MB: text })).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        message: expect.stringContaining('BIQA_THUMBNAIL_MB is not a whole number of megabytes') as string,
      }) as Error,
    );
  });

  it.each([
    '{',
    '[]',
    '{"limits":{"thumbnails":0}}',
    '{"limits":{},"more":1}',
    '{"limits":{"thumbnails":1.5}}',
  ])('of a damaged file, %s, are the defaults; it is named, and kept when a setting is changed', (text) => {
    const file = newFile();
    writeFileSync(file, text);
    const settings = new Settings(file, {});
    expect(settings.limit('thumbnails')).toMatchObject({ megabytes: 1000, set: null });
    expect(settings.problem).toContain(file);
    expect(settings.problem).toContain('The defaults hold until a setting is changed');
    expect(readFileSync(file, 'utf8')).toBe(text);
    settings.setLimit('thumbnails', 20);
    expect(settings.problem).toBeNull();
    expect(new Settings(file, {})).toMatchObject({ problem: null });
    const kept = readdirSync(path.dirname(file)).find((name) => name.startsWith('settings.json.damaged-'));
    expect(readFileSync(path.join(path.dirname(file), kept!), 'utf8')).toBe(text);
  });

  it('take a damaged file as it is by then: deleted, or corrected by hand', () => {
    const file = newFile();
    writeFileSync(file, '{');
    const [deleted, corrected] = [new Settings(file, {}), new Settings(file, {})];
    rmSync(file);
    deleted.setLimit('thumbnails', 20);
    expect(deleted.problem).toBeNull();
    writeFileSync(file, '{"limits":{"neighbours":64}}');
    corrected.setLimit('thumbnails', 30);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ limits: { neighbours: 64, thumbnails: 30 } });
    expect(readdirSync(path.dirname(file))).toEqual(['settings.json']);
  });

  it('that can not be written stay as they were', () => {
    const settings = new Settings(path.join(temporary('settings'), 'gone', 'settings.json'), {});
    expect(() => settings.setLimit('thumbnails', 20)).toThrow(
      expect.objectContaining({ file: expect.stringContaining('settings.json') as string }) as Error,
    );
    expect(settings.bytes('thumbnails')).toBe(1e9);
  });
});
