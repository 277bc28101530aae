/** Two folders under a run: the real engine and the command, on small pictures that JPEG has damaged. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderComparison, type FolderComparison } from '../../src-shared/folder-comparison.ts';
import type { PredictResult } from '../../src-shared/jobs.ts';
import { generator, naturalPicture } from '../fixtures/natural-picture.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import {
  featuresAtLeast,
  featuresIn,
  startStudio,
  studio,
  temporaryFolders,
} from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const work = temporary('compare');
const home = temporary('home');
const [a, b] = [path.join(work, 'a'), path.join(work, 'b')];
const PAIRS = 12;
const compare = (...args: string[]) => studio(['compare-folders', ...args, '--run', '1', '--json'], { home });

/** A: clean scenes as PNG. B: the same with noise, as JPEG of quality 10, but for two that are copies. */
beforeAll(async () => {
  const rated = path.join(work, 'rated');
  await makeSmallDataset(rated, { images: 40 });
  for (const args of [
    ['import', rated, '--name', 'small', ...SMALL_DATASET_FLAGS],
    ['extract', '--dataset', 'small', '--streams', 'nss'],
  ])
    expect((await studio(args, { home })).code).toBe(0);
  const spec = path.join(work, 'spec.json');
  const training = { epochs: 40 };
  writeFileSync(
    spec,
    JSON.stringify({
      version: 1,
      train: 'small',
      streams: ['nss'],
      protocol: { kind: 'cv', folds: 3 },
      training,
    }),
  );
  const trained = await studio(['run', spec, '--json'], { home });
  expect([trained.code, trained.stderr]).toEqual([0, expect.any(String)]);
  await mkdir(path.join(a, 'deep'), { recursive: true });
  await mkdir(path.join(b, 'deep'), { recursive: true });
  const random = generator(5);
  for (let i = 0; i < PAIRS; i++) {
    const { data, width, height } = naturalPicture(64, 48, 77 + i);
    const name = i % 3 === 0 ? `deep/p${i}` : `p${i}`;
    const raw = { raw: { width, height, channels: 3 as const } };
    const png = await sharp(Buffer.from(data), raw).png().toBuffer();
    writeFileSync(path.join(a, `${name}.png`), png);
    if (i < 2) writeFileSync(path.join(b, `${name}.png`), png);
    else {
      const noisy = Uint8Array.from(data, (v) => Math.min(255, Math.max(0, v + (random() - 0.5) * 110)));
      await sharp(noisy, raw)
        .jpeg({ quality: 10 })
        .toFile(path.join(b, `${name}.jpg`));
    }
  }
  writeFileSync(path.join(a, 'only-here.png'), readFileSync(path.join(a, 'p1.png')));
  writeFileSync(path.join(a, 'broken.png'), 'not a picture');
  writeFileSync(path.join(b, 'broken.png'), readFileSync(path.join(a, 'p1.png')));
  writeFileSync(path.join(b, 'notes.txt'), 'no picture');
}, 120_000);

describe('studio compare-folders', { timeout: 120_000 }, () => {
  let first: FolderComparison;

  it('says what got worse, pairs by path, and lists what does not pair', async () => {
    const before = featuresIn(home);
    const ended = await compare(a, b);
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('1 pairs could not be scored')]);
    first = folderComparison.parse(ended.json()) as FolderComparison;
    expect(first.counts).toEqual({ pairs: PAIRS + 1, compared: PAIRS, failed: 1, only_a: 1, only_b: 0 });
    expect(first.only_a).toEqual(['only-here.png']);
    expect(first.summary.equal).toBe(2);
    expect(first.summary.mean).toBeLessThan(-0.05);
    expect(first.summary.worse).toBeGreaterThan(6);
    expect(first.threshold).toBeNull();
    const failed = first.pairs.at(-1)!;
    expect([failed.name, failed.difference, failed.b.prediction]).toEqual([
      'broken',
      null,
      expect.any(Number),
    ]);
    expect(failed.a.error).toMatchObject({ code: expect.stringMatching(/image$/) as string });
    for (const { difference, a: sideA, b: sideB } of first.pairs.slice(0, PAIRS)) {
      // Labels of the run are 1-5, higher is better.
      expect(difference).toBeCloseTo((sideB.prediction! - sideA.prediction!) / 4, 12);
    }
    // Each content once: 12 of A (the copies in B and beside the broken one are among them), 10 of B.
    expect(featuresIn(home) - before).toBe(PAIRS + PAIRS - 2);
  });

  it('is the same the second time, and computes nothing again', async () => {
    const before = featuresIn(home);
    const again = await compare(a, b);
    expect(again.json()).toEqual(first);
    expect(featuresIn(home)).toBe(before);
    const both = [path.join(a, 'p1.png'), path.join(b, 'p2.jpg')];
    const predicted = (
      await studio(['predict', '--run', '1', ...both, '--json'], { home })
    ).json<PredictResult>();
    const of = (name: string) => first.pairs.find((pair) => pair.name === name)!;
    expect(predicted.predictions.map((p) => p.prediction)).toEqual([
      of('p1').a.prediction,
      of('p2').b.prediction,
    ]);
    expect(featuresIn(home)).toBe(before);
  });

  it('ends with 3 beyond a threshold and 0 within it, with the reports written', async () => {
    const [html, csv] = [path.join(work, 'report.html'), path.join(work, 'pairs.csv')];
    const beyond = await compare(a, b, '--threshold', '0.01', '--out', html, '--csv', csv);
    expect([beyond.code, beyond.stderr]).toEqual([
      3,
      expect.stringMatching(/WORSE: mean difference -0\.\d+/),
    ]);
    expect(beyond.json<FolderComparison>().threshold).toEqual({
      on: 'mean',
      threshold: 0.01,
      value: first.summary.mean,
      exceeded: true,
    });
    const page = readFileSync(html, 'utf8');
    expect(page).toContain('Worse than allowed.');
    expect(page.match(/data:image\/webp;base64,/g)).toHaveLength(2 * first.summary.worse);
    const lines = readFileSync(csv, 'utf8').trimEnd().split('\n');
    expect(lines[0]).toMatch(/^name,difference,a_file,/);
    expect(lines).toHaveLength(PAIRS + 2);
    expect(lines[1]!.startsWith(`${first.pairs[0]!.name},${first.pairs[0]!.difference},`)).toBe(true);

    const within = await compare(a, b, '--threshold', '1', '--threshold-on', 'worst');
    expect([within.code, within.stderr]).toEqual([0, expect.stringContaining('OK: worst difference')]);
    const itself = await compare(a, a, '--threshold', '0');
    expect([itself.code, itself.json<FolderComparison>().summary.wilcoxon]).toEqual([0, null]);
  });

  it('ends with 1 where nothing can be compared, naming what is in the way', async () => {
    const folder = (name: string, files: Record<string, string | Buffer>) => {
      const made = path.join(work, name);
      mkdirSync(made, { recursive: true });
      for (const [file, content] of Object.entries(files)) writeFileSync(path.join(made, file), content);
      return made;
    };
    const picture = readFileSync(path.join(a, 'p1.png'));
    const cases: [string, string, string, RegExp][] = [
      [folder('empty', {}), b, 'bad-input', /No picture of .*empty/],
      [path.join(work, 'nowhere'), b, 'not-found', /nowhere/],
      [folder('twice', { 'x.png': picture, 'x.bmp': picture }), b, 'ambiguous', /x\.bmp and x\.png/],
      [
        folder('bad1', { 'y.png': 'junk' }),
        folder('bad2', { 'y.png': picture }),
        'bad-input',
        /None of 1 pairs/,
      ],
    ];
    for (const [left, right, code, message] of cases) {
      const ended = await compare(left, right);
      const { error } = ended.json<{ error: { code: string; message: string } }>();
      expect([ended.code, error]).toEqual([
        1,
        expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
      ]);
    }
    const unwritable = await compare(a, b, '--out', path.join(work, 'no', 'such', 'folder', 'r.html'));
    expect([unwritable.code, unwritable.json<{ error: { file: string } }>().error.file]).toEqual([
      1,
      path.join(work, 'no', 'such', 'folder', 'r.html'),
    ]);
  });

  it('ends with 2 where it is called wrongly', async () => {
    const calls = [
      [a],
      [a, b, '--threshold', '-1'],
      [a, b, '--threshold', 'much'],
      [a, b, '--threshold-on', 'mean'],
      [a, b, '--threshold', '0.1', '--threshold-on', 'max'],
    ];
    const ended = await Promise.all(calls.map((args) => compare(...args)));
    expect(ended.map((e) => [e.code, e.stdout])).toEqual(calls.map(() => [2, '']));
  });
});

describe('stopping and going on', { timeout: 120_000 }, () => {
  const many = path.join(work, 'many');
  const PICTURES = 160;

  beforeAll(async () => {
    mkdirSync(many);
    for (let i = 0; i < PICTURES; i++) {
      const { data, width, height } = naturalPicture(256, 192, 1000 + i);
      const file = path.join(many, `m${i}.png`);
      await sharp(Buffer.from(data), { raw: { width, height, channels: 3 } })
        .png({ compressionLevel: 0 })
        .toFile(file);
    }
  }, 120_000);

  it('ends with 130 on Ctrl-C; what is finished is kept, and the rest done by the same command', async () => {
    const before = featuresIn(home);
    const running = startStudio(['compare-folders', many, many, '--run', '1', '--json'], { home });
    await featuresAtLeast(home, before + 20);
    running.child.kill('SIGINT');
    const ended = await running.ended;
    const kept = featuresIn(home) - before;
    expect(ended.code).toBe(130);
    expect(kept).toBeGreaterThanOrEqual(20);
    expect(kept).toBeLessThan(PICTURES);

    const predicting = startStudio(['predict', '--run', '1', many], { home });
    await featuresAtLeast(home, before + kept + 20);
    predicting.child.kill('SIGKILL');
    await predicting.ended;
    const held = featuresIn(home) - before;
    expect(held).toBeLessThan(PICTURES);

    const whole = await compare(many, many);
    expect([whole.code, whole.json<FolderComparison>().counts.compared]).toEqual([0, PICTURES]);
    expect(featuresIn(home) - before).toBe(PICTURES);
    rmSync(many, { recursive: true });
  });
});
