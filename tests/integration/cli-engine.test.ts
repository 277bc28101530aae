import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import { resolveHome } from '../../src-main/home/home.ts';
import { readPresence, writePresence } from '../../src-main/home/presence.ts';
import { socketPathFor } from '../../src-main/host/socket.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import {
  featuresAtLeast,
  startStudio,
  studio,
  temporaryFolders,
  type Running,
} from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const large = path.join(temporary('data'), 'large');
const LARGE = 360;

beforeAll(async () => {
  await makeSmallDataset(large, { images: LARGE, width: 320, height: 240 });
});

const importInto = async (home: string, folder: string, name = path.basename(folder)) => {
  const ended = await studio(['import', folder, '--name', name, ...SMALL_DATASET_FLAGS, '--json'], { home });
  expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining(`"name":"${name}"`) as string]);
};
const extractArgs = ['extract', '--dataset', 'large', '--streams', 'nss', '--json'];
const extraction = (done: number, reused: unknown) => ({
  streams: [{ stream: 'nss', done, failed: 0, reused }],
});

/** `studio serve` and the URL that it printed. */
async function serve(home: string, ...args: string[]): Promise<Running & { url: string }> {
  const running = startStudio(['serve', ...args], { home });
  const [url] = await running.says(/http:\/\/\S+/);
  return { ...running, url };
}
const presenceOf = (home: string) => readPresence(resolveHome(home));

describe('studio serve', () => {
  it('does the work of other commands, and lets go of everything on Ctrl-C', async () => {
    const home = temporary('serve');
    const serving = await serve(home, '--root', path.dirname(large));
    expect(presenceOf(home)!.pid).toBe(serving.child.pid);
    await importInto(home, large);
    const second = await studio(extractArgs, { home });
    expect(second.json()).toMatchObject(extraction(LARGE, 0));
    expect(presenceOf(home)!.pid).toBe(serving.child.pid);

    const door = await fetch(serving.url, { redirect: 'manual' });
    const cookie = door.headers.get('set-cookie')!.split(';')[0]!;
    const { origin } = new URL(serving.url);
    const list = await fetch(`${origin}/trpc/datasets.list`, { headers: { cookie } });
    expect(await list.json()).toMatchObject({ result: { data: [{ name: 'large', images: LARGE }] } });
    expect((await fetch(`${origin}/trpc/datasets.list`)).status).toBe(403);
    const scan = await fetch(`${origin}/trpc/datasets.scan`, {
      method: 'POST',
      headers: { cookie, origin, 'content-type': 'application/json' },
      body: JSON.stringify({ folder: { path: large } }),
    });
    expect([scan.status, await scan.json()]).toMatchObject([
      500,
      { error: { data: { studio: { code: 'forbidden' } } } },
    ]);

    serving.child.kill('SIGINT');
    expect(await serving.ended).toMatchObject({ code: 0 });
    expect(existsSync(resolveHome(home).presence)).toBe(false);
    expect((await studio(['datasets', '--json'], { home })).json()).toMatchObject({
      datasets: [{ name: 'large' }],
    });
  });

  it('beside a running engine is a second window of it', async () => {
    const home = temporary('second');
    const first = await serve(home);
    const second = startStudio(['serve', '--json'], { home });
    await second.says(/using the engine that runs already/);
    await second.says(/"url"/);
    second.child.kill('SIGTERM');
    const ended = await second.ended;
    expect([ended.code, ended.json()]).toEqual([
      0,
      { url: expect.stringContaining('http://127.0.0.1:') as string },
    ]);
    expect((await studio(['datasets', '--json'], { home })).code).toBe(0);
    const port = new URL(first.url).port;
    const taken = await studio(['serve', '--port', port, '--json'], { home: temporary('third') });
    expect([taken.code, taken.json()]).toMatchObject([
      1,
      { error: { code: 'conflict', hint: expect.stringContaining('--port') as string } },
    ]);
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  it('and a program of another version refuse each other, both with a hint', async () => {
    const home = temporary('version');
    const serving = await serve(home);
    const { socket, token } = presenceOf(home)!;
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'x-studio-version': '0.0.1' };
      request({ socketPath: socket, path: '/trpc/datasets.list', headers }, (incoming) => {
        let text = '';
        incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
        incoming.on('end', () => resolve(`${incoming.statusCode} ${text}`));
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toMatch(/^409 .*version-mismatch.*0\.0\.1/);
    serving.child.kill('SIGTERM');
    await serving.ended;

    // and the other way round: an engine of another version answers this command
    const engine = resolveHome(temporary('other'));
    const other = createServer((_request, response) => {
      const error = new StudioError('version-mismatch', 'The running engine is version 9.9.9', {
        hint: 'Close it.',
      });
      response.writeHead(409, { 'content-type': 'application/json' }).end(JSON.stringify(error.toShape()));
    });
    await new Promise<void>((resolve) => other.listen(socketPathFor(engine), resolve));
    writePresence(engine, { pid: process.pid, version: '9.9.9', socket: socketPathFor(engine), token: 'x' });
    const refused = await studio(['datasets', '--json'], { home: engine.folder });
    expect([refused.code, refused.json()]).toEqual([
      1,
      {
        error: {
          code: 'version-mismatch',
          message: expect.stringContaining('9.9.9') as string,
          hint: 'Close it.',
        },
      },
    ]);
    other.close();
    expect(STUDIO_VERSION).not.toBe('9.9.9');
  });
});

describe('Ctrl-C', () => {
  it('cancels an extraction with code 130; what was finished stays, and the job goes on when asked', async () => {
    const home = temporary('cancel');
    await importInto(home, large);
    const extracting = startStudio(extractArgs, { home });
    await featuresAtLeast(home, 60);
    extracting.child.kill('SIGINT');
    const ended = await extracting.ended;
    expect([ended.code, ended.signal]).toEqual([130, null]);
    expect(ended.json()).toMatchObject({
      error: { code: 'cancelled', hint: expect.stringMatching(/studio jobs retry \d+/) as string },
    });
    const [, id] = /retry (\d+)/.exec(ended.stderr)!;
    const retried = await studio(['jobs', 'retry', id!, '--json'], { home });
    expect(retried.code).toBe(0);
    const { jobs } = retried.json<{ jobs: { kind: string; status: string; result: unknown }[] }>();
    expect(jobs[0]).toMatchObject({
      kind: 'extract',
      status: 'done',
      result: extraction(LARGE, expect.any(Number)),
    });
    expect(jobs[1]).toMatchObject({ kind: 'extract', status: 'cancelled' });
    expect((await studio(extractArgs, { home })).json()).toMatchObject(extraction(LARGE, LARGE));
  });
});

describe('an engine that is not there any more', () => {
  it('leaves a stale engine.json and socket, which the next command replaces', async () => {
    const home = temporary('stale');
    const serving = await serve(home);
    serving.child.kill('SIGKILL');
    await serving.ended;
    expect(presenceOf(home)).not.toBeNull();
    expect(existsSync(socketPathFor(resolveHome(home)))).toBe(true);
    expect((await studio(['datasets', '--json'], { home })).json()).toEqual({ datasets: [] });
    expect(presenceOf(home)).toBeNull();
  });

  it('is replaced by the command that waited for its job', async () => {
    const home = temporary('rejoin');
    const serving = await serve(home);
    await importInto(home, large);
    const extracting = startStudio(extractArgs, { home });
    await featuresAtLeast(home, 60);
    serving.child.kill('SIGKILL');
    const ended = await extracting.ended;
    expect([ended.code, ended.json()]).toMatchObject([0, extraction(LARGE, expect.any(Number))]);
  });

  it('did not start: the command ends with the reason instead of hanging', async () => {
    const home = resolveHome(temporary('blocked'));
    const inTheWay = socketPathFor(home);
    writeFileSync(inTheWay, 'a file where the socket should be');
    try {
      const ended = await studio(['datasets', '--json'], { home: home.folder });
      expect([ended.code, ended.json()]).toMatchObject([
        1,
        { error: { code: 'conflict', file: inTheWay, hint: expect.any(String) as string } },
      ]);
    } finally {
      rmSync(inTheWay);
    }
    writeFileSync(home.catalog, 'no database '.repeat(500));
    const broken = await studio(['datasets', '--json'], { home: home.folder });
    expect([broken.code, broken.json()]).toMatchObject([
      1,
      { error: { code: 'corrupt', file: home.catalog, hint: expect.stringContaining('backups') as string } },
    ]);
    expect(readFileSync(home.catalog, 'utf8')).toContain('no database');
  });
});

it('commands that start at the same time share one engine and all get their work done', async () => {
  const home = temporary('together');
  const data = temporary('parts');
  const parts = ['a', 'b', 'c'].map((name) => path.join(data, name));
  await Promise.all(parts.map((folder, i) => makeSmallDataset(folder, { images: 8, seed: i + 2 })));
  await Promise.all(parts.map(async (folder, i) => (await sleep(i * 40), importInto(home, folder))));
  const { datasets } = (await studio(['datasets', '--json'], { home })).json<{
    datasets: { name: string }[];
  }>();
  expect(datasets.map((d) => d.name).sort()).toEqual(['a', 'b', 'c']);
});
