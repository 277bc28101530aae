// The Inspector on the real engine: reference, difference, block map and occlusion map of the small rated folder.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { makeSmallDataset } from '../fixtures/small-dataset.ts';
import { serveStudio } from '../fixtures/served-studio.ts';
import { checkWithAxe, watchPage } from './walk.ts';

const SHOTS = process.env['BIQA_SHOTS'];
let scratch: string;
test.beforeAll(() => (scratch = mkdtempSync(path.join(tmpdir(), 'biqa-e2e-'))));
test.afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A rated folder whose label file names a reference for each image: a copy of the group's first picture. */
async function makeRated(): Promise<void> {
  const folder = path.join(scratch, 'rated');
  const rows = await makeSmallDataset(folder, { images: 40, groups: 8, width: 320, height: 224 });
  const lines = rows.map((r) => `${r.name},${r.mos},0.5,${r.group},noise,${r.level},${r.group}`);
  writeFileSync(
    path.join(folder, 'labels.csv'),
    `image,mos,std,group,distortion,level,reference\n${lines.join('\n')}\n`,
  );
  for (const { group, name } of rows.slice(0, 8))
    copyFileSync(path.join(folder, 'images', name), path.join(folder, 'images', `${group}.png`));
}

/** What the page's own origin answers to a tRPC call. */
async function call<T>(page: Page, kind: 'query' | 'mutation', name: string, input: unknown): Promise<T> {
  const text = JSON.stringify(input);
  const script =
    kind === 'query'
      ? `fetch('/trpc/${name}?input=' + encodeURIComponent(${JSON.stringify(text)}))`
      : `fetch('/trpc/${name}', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(text)} })`;
  const answer = await page.evaluate<{ result: { data: T } }>(`${script}.then((r) => r.json())`);
  return answer.result.data;
}

test('an image is compared with its reference, mapped by a feature and by a run', async ({ page }) => {
  test.setTimeout(240_000);
  await makeRated();
  const studio = await serveStudio({ root: scratch });
  try {
    const findings = watchPage(page);
    await page.goto(studio.url);
    await page.getByRole('link', { name: 'Add a dataset folder' }).click();
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'rated' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Use this folder' }).click();
    await page.getByLabel('Lowest score possible').fill('1');
    await page.getByLabel('Highest score possible').fill('5');
    await page.getByRole('button', { name: 'Scan again' }).click();
    await page.getByRole('button', { name: /^Import/ }).click();
    await expect(page).toHaveURL(/#\/streams/);
    await call(page, 'mutation', 'streams.extract', { dataset: 1, streams: ['nss'] });
    await expect(page.getByRole('table')).toContainText('complete', { timeout: 60_000 });
    await call(page, 'mutation', 'experiments.create', {
      spec: {
        train: 'rated',
        streams: ['nss'],
        protocol: { kind: 'cv', folds: 2, unit: 'image' },
        training: { epochs: 3 },
      },
    });
    await page.goto(new URL('#/run/1', page.url()).href);
    await expect(page.getByLabel('Headline numbers')).toContainText(/0\.\d{3}/, { timeout: 90_000 });

    await page.goto(new URL('#/image/20?run=1', page.url()).href);
    await page.getByRole('button', { name: 'Reference' }).click();
    await expect(page.locator('.viewport img')).toHaveCount(2);
    await page.keyboard.press('d');
    await expect(page.getByRole('region', { name: 'Two pictures' })).toContainText('dB');
    await page.keyboard.press('s');
    await page.locator('[data-feature="4"]').click();
    const legend = page.getByRole('region', { name: 'Map over the picture' });
    await expect(legend).toContainText('bits');
    const map = await call<{ rows: number; columns: number; values: number[] }>(
      page,
      'query',
      'images.blockMap',
      { id: 20, feature: 'mean.intensity.entropy' },
    );
    expect([map.rows, map.columns, map.values.length]).toEqual([7, 10, 70]);
    await legend.getByLabel('cell').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await expect(legend).toContainText(map.values[1]!.toFixed(2));
    const panel = page.getByRole('region', { name: 'Occlusion map' });
    await panel.getByRole('button', { name: 'Make the map' }).click();
    await expect(legend).toContainText("Change of run 1's prediction", { timeout: 60_000 });
    await expect(panel).toContainText('8 × 6');
    await checkWithAxe(page, 'inspector with an occlusion map', findings);
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/inspector-real.png` });
    expect(findings).toEqual({ consoleErrors: [], axe: [], foreignRequests: [] });
  } finally {
    await studio.close();
  }
});
