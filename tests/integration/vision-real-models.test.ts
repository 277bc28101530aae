/** Real encoders of ../shared/models on real pictures, by the `studio` command, against Pillow and ONNX Runtime in Python
 *  (vision-real-models.py made the constants; all 827 pictures of both samples agreed to 1.4e-6 of the largest component). */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EncoderView } from '../../src-shared/encoders.ts';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { studio, temporaryFolders } from '../fixtures/studio-process.ts';
import { exampleManifest } from '../unit/vision-example-manifest.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared');
const FOLDERS = ['agiqa-3k-sample/images', 'live-itw-sample/ChallengeDB_release/Images'];
const MANIFESTS = [
  exampleManifest({ id: 'dbcnn-scnn', output: { name: 'pooled128', dimension: 128 } }),
  exampleManifest({
    id: 'mobilenet-v2',
    output: { name: 'pooled', dimension: 1280 },
    preprocessing: {
      mode: 'squash',
      size: 224,
      filter: 'bicubic',
      mean: [0.5, 0.5, 0.5], // x / 127.5 - 1
      std: [0.5, 0.5, 0.5],
    },
  }),
];
/** Per encoder and picture: where the largest component is and what it is, every n-th of eight, and the norm. */
type Constants = Record<string, Record<string, { largest: [number, number]; every: number[]; norm: number }>>;
const expected = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'vision-real-models.json'), 'utf8'),
) as Constants;

const temporary = temporaryFolders();
const present = existsSync(path.join(SHARED, 'models/mobilenet-v2.onnx'));
if (!present) console.log(`skipped: no models in ${SHARED}`);

describe.skipIf(!present)('real encoders', { timeout: 120_000 }, () => {
  it('give the embeddings of a straight Python run to 1e-4 of the largest component', async () => {
    const home = temporary('home');
    const work = temporary('work');
    const run = async <T>(...args: string[]): Promise<T> => {
      const ended = await studio([...args, '--json'], { home });
      expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
      return ended.json<T>();
    };
    const names = Object.keys(expected['mobilenet-v2']!);
    mkdirSync(path.join(work, 'rated'));
    for (const name of names) {
      const from = FOLDERS.map((f) => path.join(SHARED, 'data', f, name)).find((file) => existsSync(file))!;
      copyFileSync(from, path.join(work, 'rated', name));
    }
    const rows = ['image,mos', ...names.map((name, i) => `${name},${i}`)];
    writeFileSync(path.join(work, 'rated', 'scores.csv'), rows.join('\n'));
    await run('import', path.join(work, 'rated'), '--name', 'real', '--scale', '0,5', '--better', 'higher');
    for (const manifest of MANIFESTS) {
      const file = path.join(work, `${manifest.id}.json`);
      writeFileSync(file, JSON.stringify(manifest));
      const model = path.join(SHARED, 'models', `${manifest.id}.onnx`);
      const added = await run<{ encoder: EncoderView }>('encoders', 'add', file, '--model', model);
      expect(added.encoder).toMatchObject({ id: manifest.id, state: 'ready', localModel: model });
    }
    const { streams } = await run<ExtractResult>(
      'extract',
      '--dataset',
      'real',
      '--streams',
      'dbcnn-scnn,mobilenet-v2',
    );
    expect(streams.map((s) => [s.done, s.failed])).toEqual([
      [names.length, 0],
      [names.length, 0],
    ]);
    for (const { id } of MANIFESTS) {
      const csv = path.join(work, `${id}.csv`);
      await run('features', 'export', '--dataset', 'real', '--stream', id, '--csv', csv);
      const [, ...lines] = readFileSync(csv, 'utf8').trim().split('\n');
      for (const line of lines) {
        const [name, ...values] = line.split(',');
        const vector = values.map(Number);
        const { largest, every, norm } = expected[id]![name!]!;
        const tolerance = 1e-4 * largest[1];
        const step = Math.floor(vector.length / 8);
        expect(Math.abs(vector[largest[0]]! - largest[1])).toBeLessThan(tolerance);
        every.forEach((v, i) => expect(Math.abs(vector[i * step]! - v)).toBeLessThan(tolerance));
        expect(Math.hypot(...vector)).toBeCloseTo(norm, 5);
      }
    }
  });
});
