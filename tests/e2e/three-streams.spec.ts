// The three-stream experiment of issue 3 in the window on the real engine: NSS and two encoders, added by manifest, on a
// real dataset. On 120 of its pictures, or with BIQA_LARGE=1 on all 747.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { exampleManifest } from '../unit/vision-example-manifest.ts';
import { serveStudio } from '../fixtures/served-studio.ts';
import { checkWithAxe, watchPage } from './walk.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared');
const SAMPLE = path.join(SHARED, 'data/agiqa-3k-sample');
const CLI = path.resolve(import.meta.dirname, '../../src-main/cli.ts');
const LARGE = process.env['BIQA_LARGE'] === '1';
const SHOTS = process.env['BIQA_SHOTS'];
/** The picture rows of the small version, in label order. */
const SUBSET = 120;
const ENCODERS = [
  exampleManifest({
    id: 'dbcnn-scnn',
    title: 'DB-CNN, S-CNN',
    output: { name: 'pooled128', dimension: 128 },
  }),
  exampleManifest({
    id: 'mobilenet-v2',
    title: 'MobileNet v2',
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

const present = existsSync(path.join(SAMPLE, 'data.csv')) && existsSync(path.join(SHARED, 'models'));
test.skip(!present, `no sample and models in ${SHARED}`);
test.describe.configure({ timeout: LARGE ? 900_000 : 300_000 });

let scratch: string;
test.beforeAll(() => (scratch = mkdtempSync(path.join(tmpdir(), 'biqa-streams-'))));
test.afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The sample, or the first pictures of it in the same layout. */
function ratedFolder(): { root: string; name: string; images: number } {
  const [header, ...rows] = readFileSync(path.join(SAMPLE, 'data.csv'), 'utf8').trim().split('\n');
  const there = rows.filter((row) => existsSync(path.join(SAMPLE, 'images', row.split(',')[0]!)));
  if (LARGE) return { root: path.dirname(SAMPLE), name: path.basename(SAMPLE), images: there.length };
  const folder = path.join(scratch, 'agiqa-part');
  mkdirSync(path.join(folder, 'images'), { recursive: true });
  const kept = there.slice(0, SUBSET);
  for (const row of kept) {
    const picture = path.join('images', row.split(',')[0]!);
    cpSync(path.join(SAMPLE, picture), path.join(folder, picture));
  }
  writeFileSync(path.join(folder, 'data.csv'), `${[header, ...kept].join('\n')}\n`);
  return { root: scratch, name: 'agiqa-part', images: kept.length };
}

/** `studio encoders add`, which hands over to the engine that serves this home. */
function addEncoder(home: string, manifest: (typeof ENCODERS)[number]): void {
  const file = path.join(scratch, `${manifest.id}.json`);
  writeFileSync(file, JSON.stringify(manifest));
  const model = path.join(SHARED, 'models', `${manifest.id}.onnx`);
  const args = [CLI, 'encoders', 'add', file, '--model', model, '--home', home];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
}

async function importFolder(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Add a dataset folder' }).click();
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name }).click();
  await expect(dialog).toContainText('data.csv');
  await dialog.getByRole('button', { name: 'Use this folder' }).click();
  await expect(page.getByRole('heading', { name: /Recognised as agiqa-3k/ })).toBeVisible({
    timeout: 60_000,
  });
  await page.getByRole('button', { name: /^Import/ }).click();
  await expect(page).toHaveURL(/#\/streams/);
}

test('two encoders beside NSS: added, extracted, trained with gates, shown', async ({ page }) => {
  const folder = ratedFolder();
  const studio = await serveStudio({ root: folder.root });
  try {
    await page.goto(studio.url);
    const findings = watchPage(page);
    for (const manifest of ENCODERS) addEncoder(studio.home, manifest);
    await page.goto(new URL('#/encoders', page.url()).href);
    for (const { title } of ENCODERS) {
      const rows = page.getByRole('region', { name: 'All encoders' }).getByRole('rowgroup');
      await expect(rows.filter({ hasText: title }).getByText('ready', { exact: true })).toBeVisible();
    }
    await page.goto(new URL('#/', page.url()).href);
    await importFolder(page, folder.name);

    const started = performance.now();
    const cells = page.getByRole('region', { name: 'Datasets by streams' }).getByRole('cell');
    await expect(cells).toHaveCount(3);
    for (const title of ['Natural scene statistics', ...ENCODERS.map((manifest) => manifest.title)])
      await page.getByRole('button', { name: `Extract ${title}` }).click();
    for (const cell of await cells.all())
      await expect(cell).toContainText('complete', { timeout: LARGE ? 600_000 : 120_000 });
    const seconds = (performance.now() - started) / 1000;
    console.log(`${folder.images} images, three streams extracted in ${seconds.toFixed(1)} s`);
    await checkWithAxe(page, 'streams', findings);
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/three-streams-matrix.png` });

    await page.getByRole('link', { name: 'Experiments', exact: true }).click();
    const json = page.getByRole('textbox', { name: 'The same as JSON' });
    await expect(json).toHaveValue(/"unit": "group"/);
    const spec = JSON.parse(await json.inputValue()) as {
      streams: string[];
      fusion: { gate: string | null };
      training: { epochs: number };
    };
    spec.streams = ['nss', 'dbcnn-scnn', 'mobilenet-v2'];
    spec.fusion.gate = 'mobilenet-v2';
    spec.training.epochs = 8;
    await json.fill(JSON.stringify(spec, null, 2));
    await page.getByRole('button', { name: 'Run the experiment' }).click();
    await expect(page.getByText(/\d of 5 folds done/).first()).toBeVisible();
    await page.goto(new URL('#/run/1', page.url()).href);
    const headline = page.getByLabel('Headline numbers');
    await expect(headline).toContainText(/SROCC\s*0\.\d{3}/, { timeout: 120_000 });
    await expect(headline).toContainText(String(folder.images));
    for (const stream of spec.streams)
      await expect(page.locator('main')).toContainText(new RegExp(`${stream} \\(.+, computed here\\)`));
    const table = page.getByRole('region', { name: 'Folds' });
    await expect(table.getByRole('row')).toHaveCount(9);
    console.log(`${folder.images} images: ${(await headline.innerText()).replace(/\s+/g, ' ')}`);
    await checkWithAxe(page, 'run of three streams', findings);
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/three-streams-run.png` });

    // Every picture has a gate per stream.
    await page.getByRole('region', { name: 'Worst images' }).getByRole('link').first().click();
    const scores = page.getByRole('region', { name: 'Scores' });
    for (const stream of spec.streams) await expect(scores).toContainText(`gate ${stream}`);
    await checkWithAxe(page, 'gates of a picture', findings);
    expect(findings).toEqual({ consoleErrors: [], axe: [], foreignRequests: [] });
  } finally {
    await studio.close();
  }
});
