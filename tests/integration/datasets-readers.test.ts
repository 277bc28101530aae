import { createHash } from 'node:crypto';
import { renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DatasetDraft } from '../../src-main/datasets/draft.ts';
import { scanInWorker } from '../../src-main/datasets/scan-thread.ts';
import { scanFolder } from '../../src-main/datasets/scan.ts';
import type { ImportOptions } from '../../src-shared/dataset.ts';
import { MatWriter } from '../unit/mat-writer.ts';
import { makeTree, TINY_PNG } from './datasets-tree.ts';

const scan = (folder: string, options: ImportOptions = {}): Promise<DatasetDraft> =>
  scanFolder(folder, options, new Map(), {});
const statuses = (draft: DatasetDraft): string[] =>
  draft.images.map(({ name, status }) => `${name} ${status}`);

const KONIQ_SCORES =
  '"image_name","c1","c2","c3","c4","c5","c_total","MOS","SD","MOS_zscore"\n' +
  '"1.jpg",0,0,25,73,7,105,3.82,0.52,77.38\n"2.jpg",0,3,45,47,1,96,3.47,0.58,68.72\n';
const KONIQ_SETS =
  'image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set\n1.jpg,0,0,.2,.7,.1,105,77.38,0.52,training\n2.jpg,0,0,.5,.5,0,96,68.72,0.58,test\n';

describe('KonIQ-10k', () => {
  it('reads the scores file, with the split of the sets file beside it', async () => {
    const draft = await scan(
      makeTree({
        'koniq10k_scores_and_distributions.csv': KONIQ_SCORES,
        'sets.csv': KONIQ_SETS,
        '1024x768/1.jpg': TINY_PNG,
        '512x384/1.jpg': TINY_PNG,
      }),
    );
    expect(draft).toMatchObject({
      format: 'koniq-10k',
      label: 'MOS_zscore',
      labels: ['MOS_zscore', 'MOS'],
      scale: { min: 0, max: 100, better: 'higher' },
      groupKind: null,
    });
    expect(draft.images.map(({ file, status, split }) => [file, status, split])).toEqual([
      ['1024x768/1.jpg', 'ok', 'training'],
      ['1024x768/2.jpg', 'missing', 'test'],
    ]);
    expect(draft.images[0]!.labels).toEqual([
      { name: 'MOS_zscore', mos: 77.38, std: null, votes: 105 },
      { name: 'MOS', mos: 3.82, std: 0.52, votes: 105 },
    ]);
    expect(draft.images[0]!.original).toMatchObject({ c4: '73', SD: '0.52' });
  });

  it('calls the MOS of the sets file what it is: MOS_zscore', async () => {
    const folder = makeTree({
      'labels/koniq10k_distributions_sets.csv': KONIQ_SETS,
      '512x384/1.jpg': TINY_PNG,
    });
    const draft = await scan(folder);
    expect(draft).toMatchObject({ format: 'koniq-10k', label: 'MOS_zscore', labels: ['MOS_zscore'] });
    expect(draft.images[0]).toMatchObject({
      file: '512x384/1.jpg',
      split: 'training',
      labels: [{ name: 'MOS_zscore', mos: 77.38 }],
    });
    await expect(scan(folder, { label: 'MOS' })).rejects.toMatchObject({
      code: 'bad-input',
      hint: /--label MOS_zscore/,
    });
  });

  it('takes the 1-5 label and images beside the file', async () => {
    const draft = await scan(makeTree({ 'k.csv': KONIQ_SCORES, '2.JPG': TINY_PNG }), { label: 'mos' });
    expect(draft).toMatchObject({ label: 'MOS', scale: { min: 1, max: 5, better: 'higher' } });
    expect(statuses(draft)).toEqual(['1.jpg missing', '2.jpg ok']);
  });
});

describe('KADID-10k', () => {
  it('takes type, level and reference from the name, and dmos as higher-is-better', async () => {
    const draft = await scan(
      makeTree({
        'dmos.csv':
          'dist_img,ref_img,dmos,var\nI01_07_03.png,I01.png,4.57,0.496\nI02_25_05.png,I02.png,1.1,0.3\n',
        'images/I01_07_03.png': TINY_PNG,
        'images/I01.png': TINY_PNG,
      }),
    );
    expect(draft).toMatchObject({
      format: 'kadid-10k',
      label: 'dmos',
      scale: { min: 1, max: 5, better: 'higher' },
      groupKind: 'reference image',
    });
    expect(draft.images[0]).toMatchObject({
      file: 'images/I01_07_03.png',
      status: 'ok',
      width: 2,
      height: 1,
      group: 'I01',
      reference: 'I01',
      distortion: '07',
      level: 3,
    });
    expect(draft.images[0]!.labels).toEqual([{ name: 'dmos', mos: 4.57, std: 0.496, votes: null }]);
    expect(draft.images[0]!.sha256).toBe(createHash('sha256').update(TINY_PNG).digest('hex'));
    expect(draft.images[1]).toMatchObject({ status: 'missing', distortion: '25', level: 5, sha256: null });
  });
});

describe('LIVE In the Wild', () => {
  const writer = new MatWriter(true);
  const training = ['t1.bmp', 't2.bmp', 't3.bmp', 't4.bmp', 't5.bmp', 't6.bmp', 't7.bmp'];
  const release = (names: string[], mos: number[], std: number[]): Record<string, Buffer> => ({
    'Data/AllImages_release.mat': writer.file([writer.texts('AllImages_release', names)], true),
    'Data/AllMOS_release.mat': writer.file([writer.doubles('AllMOS_release', mos)], true),
    'Data/AllStdDev_release.mat': writer.file([writer.doubles('AllStdDev_release', std)], true),
  });
  const names = [...training, '100.bmp', '541.jpg', '542.JPG'];
  const mos = names.map((_, i) => 30 + i);
  const std = names.map((_, i) => 18 + i / 10);

  it('drops the training images, finds names in any letter case, skips NaN', async () => {
    const files = {
      'Images/541.JPG': TINY_PNG,
      'Images/trainingImages/t1.bmp': TINY_PNG,
      'Images/100.bmp': TINY_PNG,
    };
    const draft = await scan(
      makeTree({ ...release(names, [...mos.slice(0, 9), Number.NaN], std), ...files }),
    );
    expect(draft).toMatchObject({
      format: 'live-itw',
      label: 'MOS',
      scale: { min: 0, max: 100, better: 'higher' },
      noScore: 1,
    });
    expect(draft.images).toMatchObject([
      { name: '100.bmp', file: 'Images/100.bmp', status: 'ok', labels: [{ mos: 37, std: 18.7 }] },
      { name: '541.jpg', file: 'Images/541.JPG', status: 'ok', labels: [{ mos: 38, std: 18.8 }] },
    ]);
    expect(draft.problems.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      ...training.map((name) => `dropped ${name}`),
      'no-score 542.JPG',
    ]);
  });

  it('names what is missing or does not fit together', async () => {
    const { 'Data/AllImages_release.mat': _, ...withoutNames } = release(names, mos, std);
    await expect(scan(makeTree(withoutNames))).rejects.toMatchObject({
      code: 'not-found',
      message: /AllImages_release.mat/,
      hint: /Data/,
    });
    const folder = makeTree(release(names, mos.slice(1), std));
    await expect(scan(folder)).rejects.toMatchObject({
      code: 'bad-input',
      file: path.join(folder, 'Data/AllMOS_release.mat'),
      message: /10 names, 9 scores/,
    });
    const swapped = makeTree({
      ...release(names, mos, std),
      'Data/AllMOS_release.mat': writer.file([writer.texts('AllMOS_release', names)], false),
    });
    await expect(scan(swapped)).rejects.toMatchObject({ code: 'bad-input', message: /no list of numbers/ });
    const html = makeTree({ ...release(names, mos, std), 'Data/AllMOS_release.mat': '<html>' });
    await expect(scan(html)).rejects.toMatchObject({
      code: 'bad-input',
      file: path.join(html, 'Data/AllMOS_release.mat'),
    });
  });
});

describe('AGIQA-3K', () => {
  it('groups by prompt, commas included, and keeps both labels', async () => {
    const text =
      'name,prompt,adj1,adj2,style,mos_quality,std_quality,mos_align,std_align\nm_0.jpg,"a cat, asleep",,,,0.0,0.2,3,0.4\nm_1.jpg,"a cat, asleep",,,,2,0.2,4,0.4\n';
    const folder = makeTree({ 'data.csv': text, 'images/m_0.jpg': TINY_PNG });
    const draft = await scan(folder);
    expect(draft).toMatchObject({
      format: 'agiqa-3k',
      label: 'mos_quality',
      groupKind: 'prompt',
      scale: { min: 0, max: 5 },
      noScore: 0,
    });
    expect(draft.images.map(({ group }) => group)).toEqual(['a cat, asleep', 'a cat, asleep']);
    expect((await scan(folder, { label: 'mos_align' })).images[0]!.labels.map(({ mos }) => mos)).toEqual([
      0, 3,
    ]);
    await expect(scan(folder, { groupColumn: 'nope' })).rejects.toMatchObject({
      code: 'bad-input',
      hint: /style/,
    });
    expect(await scan(folder, { groupColumn: 'style' })).toMatchObject({
      groupKind: 'style',
      images: [{ group: null }, { group: null }],
    });
  });
});

describe('the demo', () => {
  const labels =
    'image,reference,distortion,level,mos,std,votes\nscene-01_07_2.png,scene-01,07,2,3.5,0.5,25\n';
  it('is synthetic and grouped by scene', async () => {
    const card = JSON.stringify({
      format: 'biqa-demo',
      synthetic: true,
      name: 'demo',
      seed: 1,
      scale: [1, 5],
      better: 'higher',
    });
    const draft = await scan(
      makeTree({ 'dataset.json': card, 'labels.csv': labels, 'images/scene-01_07_2.png': TINY_PNG }),
    );
    expect(draft).toMatchObject({
      format: 'biqa-demo',
      name: 'demo',
      synthetic: true,
      scale: { min: 1, max: 5, better: 'higher' },
      label: 'mos',
      groupKind: 'reference image',
    });
    expect(draft.images[0]).toMatchObject({
      status: 'ok',
      group: 'scene-01',
      distortion: '07',
      level: 2,
      labels: [{ mos: 3.5, std: 0.5, votes: 25 }],
    });
  });
  it('refuses a card of something else', async () => {
    const folder = makeTree({ 'dataset.json': '{"title":"mine"}', 'labels.csv': labels });
    await expect(scan(folder)).rejects.toMatchObject({
      code: 'bad-input',
      file: path.join(folder, 'dataset.json'),
      hint: /remove dataset.json/,
    });
  });
});

describe('a plain CSV', () => {
  const given: ImportOptions = { scale: [1, 5], better: 'higher' };

  it('reads pyiqa’s meta CSV', async () => {
    const draft = await scan(
      makeTree({
        'meta.csv': 'name, mos, std, split\nx/a.png, 3.5, .4, train\nb.png, 2, .5, test\n',
        'x/a.png': TINY_PNG,
        'b.png': TINY_PNG,
      }),
      given,
    );
    expect(draft).toMatchObject({
      format: 'csv',
      label: 'mos',
      scale: { min: 1, max: 5, better: 'higher' },
      groupKind: null,
    });
    expect(draft.images).toMatchObject([
      { name: 'x/a.png', status: 'ok', split: 'train', labels: [{ mos: 3.5, std: 0.4 }] },
      { name: 'b.png', status: 'ok', split: 'test' },
    ]);
  });

  it('asks for the scale with the observed range as suggestion', async () => {
    const higher = makeTree({ 'l.csv': 'image,mos\na.png,1.5\nb.png,4\n' });
    await expect(scan(higher)).rejects.toMatchObject({
      code: 'ambiguous',
      file: path.join(higher, 'l.csv'),
      hint: /--scale 1.5,4 --better higher$/,
    });
    await expect(scan(higher, { better: 'lower' })).rejects.toMatchObject({
      hint: /--scale 1.5,4 --better lower$/,
    });
    await expect(scan(makeTree({ 'l.csv': 'image,DMOS\na.png,.1\nb.png,.9\n' }))).rejects.toMatchObject({
      hint: /--scale 0.1,0.9 --better lower$/,
    });
    await expect(scan(higher, { scale: [5, 1], better: 'higher' })).rejects.toMatchObject({
      code: 'bad-input',
      message: /5 to 1/,
    });
  });

  it('asks for columns that are not obvious, listing them', async () => {
    const twoScores = makeTree({ 'l.csv': 'image,mos,rating\na.png,1,2\n' });
    await expect(scan(twoScores, given)).rejects.toMatchObject({
      code: 'ambiguous',
      hint: /--label COLUMN.*image, mos, rating/,
    });
    expect((await scan(twoScores, { ...given, label: 'Rating' })).label).toBe('rating');
    await expect(scan(twoScores, { ...given, label: 'x' })).rejects.toMatchObject({
      code: 'bad-input',
      hint: /image, mos, rating/,
    });
    const twoImages = makeTree({ 'l.csv': 'left,right,mos\na.png,b.png,2\n' });
    await expect(scan(twoImages, given)).rejects.toMatchObject({
      code: 'ambiguous',
      hint: /--image-column COLUMN.*left, right, mos/,
    });
    expect((await scan(twoImages, { ...given, imageColumn: 'right' })).images[0]!.name).toBe('b.png');
    await expect(scan(makeTree({ 'l.csv': 'a.png,3\nb.png,4\n' }), given)).rejects.toMatchObject({
      code: 'ambiguous',
      hint: /image,mos/,
    });
    const twoFiles = makeTree({ 'a.csv': 'image,mos\na.png,1\n', 'b.csv': 'image,mos\na.png,1\n' });
    await expect(scan(twoFiles, given)).rejects.toMatchObject({ code: 'ambiguous', message: /a.csv, b.csv/ });
  });

  it('takes the column of image names by its content when its name is unusual', async () => {
    const draft = await scan(
      makeTree({ 'l.csv': 'Foto;MOS;Typ\nä.png;3,5;blur\n', 'ä.png': TINY_PNG }),
      given,
    );
    expect(draft.images[0]).toMatchObject({ name: 'ä.png', status: 'ok', labels: [{ mos: 3.5 }] });
  });

  it('reads groups, distortions, levels and votes, and skips rows without a score', async () => {
    const text =
      'image,mos,n,scene,distortion,level\na.png,3,20,s1,blur,2\nb.png,NaN,20,s1,blur,3\nc.png,,20,s2,noise,x\nd.png,9,20,s2,noise,1\n';
    const draft = await scan(makeTree({ 'l.csv': text }), { ...given, groupColumn: 'scene' });
    expect(draft).toMatchObject({ noScore: 2, groupKind: 'scene', duplicates: 0 });
    expect(draft.images).toMatchObject([
      { name: 'a.png', group: 's1', distortion: 'blur', level: 2, labels: [{ votes: 20 }] },
      { name: 'd.png', group: 's2', level: 1 },
    ]);
    expect(draft.problems.filter(({ kind }) => kind === 'no-score')).toEqual([
      { kind: 'no-score', name: 'b.png', reason: 'row 3: no finite mos' },
      { kind: 'no-score', name: 'c.png', reason: 'row 4: no finite mos' },
    ]);
    expect(draft.notes).toContain('1 scores lie outside the declared scale 1 to 5.');
  });

  it('never reads outside the folder', async () => {
    const text = 'image,mos\n../secret.png,3\n/etc/passwd,3\na.png,3\n';
    const draft = await scan(makeTree({ 'l.csv': text, 'a.png': TINY_PNG }), given);
    expect(statuses(draft)).toEqual(['a.png ok']);
    expect(draft.problems.map(({ kind, name }) => [kind, name])).toEqual([
      ['dropped', '../secret.png'],
      ['dropped', '/etc/passwd'],
    ]);
    await expect(scan(makeTree({ 'l.csv': 'image,mos\n/abs/a.png,3\n' }), given)).rejects.toMatchObject({
      code: 'bad-input',
      message: /row 2/,
    });
  });
});

describe('every format', () => {
  const given: ImportOptions = { scale: [1, 5], better: 'higher' };

  it('names the several datasets of one folder, and obeys --format', async () => {
    const folder = makeTree({
      'a/k.csv': KONIQ_SCORES,
      'b/dmos.csv': 'dist_img,ref_img,dmos,var\nI01_07_03.png,I01.png,4.57,0.496\n',
    });
    await expect(scan(folder)).rejects.toMatchObject({
      code: 'ambiguous',
      hint: /--format koniq-10k or --format kadid-10k/,
    });
    expect((await scan(folder, { format: 'kadid-10k' })).format).toBe('kadid-10k');
    await expect(scan(folder, { format: 'live-itw' })).rejects.toMatchObject({
      code: 'not-found',
      hint: /AllMOS_release/,
    });
  });

  it('follows symbolic links', async () => {
    const images = makeTree({ 'a.png': TINY_PNG });
    const folder = makeTree({ 'l.csv': 'image,mos\na.png,3\n' });
    symlinkSync(images, path.join(folder, 'images'));
    expect((await scan(folder, given)).images[0]).toMatchObject({ status: 'ok', file: 'images/a.png' });
  });

  it('does not read unchanged files again', async () => {
    const folder = makeTree({
      'l.csv': 'image,mos\na.png,3\nb.png,3\n',
      'a.png': TINY_PNG,
      'b.png': TINY_PNG,
    });
    const first = await scan(folder, given);
    expect(first.bytes).toBe(2 * TINY_PNG.length);
    const known = new Map(
      first.images.map(({ file, bytes, mtimeMs, sha256, width, height }) => [
        file,
        { bytes: bytes!, mtimeMs: mtimeMs!, sha256: sha256!, width: width!, height: height! },
      ]),
    );
    const again = await scanFolder(folder, given, known, {});
    expect(again.bytes).toBe(0);
    expect(again.images).toEqual(first.images);
    writeFileSync(path.join(folder, 'b.png'), TINY_PNG);
    utimesSync(path.join(folder, 'b.png'), 1, 1);
    expect((await scanFolder(folder, given, known, {})).bytes).toBe(TINY_PNG.length);
  });

  it('gives the same draft from a worker thread, with progress, errors and cancelling', async () => {
    const folder = makeTree({ 'l.csv': 'image,mos\na.png,3\nb.png,3\n', 'a.png': TINY_PNG });
    const progress: number[][] = [];
    const draft = await scanInWorker(folder, given, new Map(), {
      onProgress: (...step) => progress.push(step),
    });
    expect({ ...draft, seconds: 0 }).toEqual({ ...(await scan(folder, given)), seconds: 0 });
    expect(progress.at(-1)).toEqual([2, 2]);
    await expect(scanInWorker(folder, {}, new Map(), {})).rejects.toMatchObject({
      code: 'ambiguous',
      hint: /--scale/,
      file: /l.csv/,
    });
    await expect(
      scanInWorker(folder, given, new Map(), { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    const abort = new AbortController();
    const running = scanInWorker(folder, given, new Map(), { signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('finds a folder again after it moved', async () => {
    const folder = makeTree({ 'l.csv': 'image,mos\na.png,3\n', 'a.png': TINY_PNG });
    const before = await scan(folder, given);
    renameSync(folder, `${folder}-moved`);
    const after = await scan(`${folder}-moved`, given);
    renameSync(`${folder}-moved`, folder);
    expect(after.images).toEqual(before.images);
  });
});
