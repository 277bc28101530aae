/** What a download job says of itself, from its first moment on. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../src-main/engine.ts';
import type { Job } from '../../src-shared/jobs.ts';
import { apiOf } from '../fixtures/engine-client.ts';
import { startLoopbackHub, type LoopbackHub } from '../fixtures/loopback-hub.ts';
import { smallEncoder } from '../fixtures/onnx-encoder.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const { manifest, model } = smallEncoder({ id: 'said' });
let hub: LoopbackHub;
let engine: Engine;

beforeAll(async () => {
  hub = await startLoopbackHub({ files: { 'model.onnx': { content: model, lfs: true } } });
  process.env['HF_ENDPOINT'] = hub.endpoint;
  process.env['HF_HUB_CACHE'] = temporary('cache');
  process.env['HF_HUB_OFFLINE'] = '0';
  engine = await startEngine({ home: temporary('home') });
});
afterAll(async () => {
  await engine.close();
  await hub.close();
});

it('names the hub and the size while it connects, and why it waits', { timeout: 30_000 }, async () => {
  const file = path.join(temporary('manifest'), 'said.json');
  const files = [{ ...manifest.files[0]!, bytes: model.length }];
  writeFileSync(file, JSON.stringify({ ...manifest, hub: { repository: hub.repo, revision: null }, files }));
  const api = apiOf(engine, 'local');
  await api.encoders.add.mutate({ manifest: file, model: null });
  hub.faults.push({ kind: 'status', status: 503, on: 'tree', times: 1 });
  const said: Job[] = [];
  const stop = engine.services.events.subscribe((event) => {
    if (event.type === 'job' && event.job.kind === 'download') said.push(event.job);
  });
  const { job } = await api.encoders.download.mutate({ id: 'said' });
  expect((await engine.services.queue.wait(job)).status).toBe('done');
  stop();
  const stages = [...new Set(said.map(({ message }) => message).filter((message) => message !== ''))];
  expect(stages.slice(0, 3)).toEqual([
    `connecting to ${new URL(hub.endpoint).host}`,
    expect.stringMatching(/^waiting for the file list of tests\/model: .*503.*; next try in 1 s$/),
    'downloading model.onnx',
  ]);
  expect(said.find(({ message }) => message.startsWith('connecting'))!.total).toBe(model.length);
});
