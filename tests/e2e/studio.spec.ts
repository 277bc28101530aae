// The window on the real engine, as a new user meets it: the demo in both themes, then an own folder from import to results.
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { makeSmallDataset } from '../fixtures/small-dataset.ts';
import { serveStudio } from '../fixtures/served-studio.ts';
import { checkWithAxe, walkWindow, watchPage } from './walk.ts';

const SHOTS = process.env['BIQA_SHOTS'];
const NOTHING = { consoleErrors: [], axe: [], foreignRequests: [] };

test.describe.configure({ timeout: 300_000 });

let scratch: string;
test.beforeAll(() => (scratch = mkdtempSync(path.join(tmpdir(), 'biqa-e2e-'))));
test.afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test.describe('the demo', () => {
  // The second theme takes the first one's pictures.
  test.describe.configure({ mode: 'serial' });

  for (const theme of ['light', 'dark'] as const) {
    test(`from the empty window through the demo to every page, ${theme}`, async ({ page }) => {
      // The second theme starts from the first one's pictures: making them is what takes long.
      const pictures = path.join(scratch, 'demo');
      const studio = await serveStudio({ root: scratch, demoPictures: pictures });
      try {
        const size = theme === 'light' ? { width: 1280, height: 800 } : { width: 1920, height: 1080 };
        await page.setViewportSize(size);
        await page.goto(studio.url);
        const shots = SHOTS === undefined ? {} : { shots: path.join(SHOTS, 'real') };
        const findings = await walkWindow(page, { theme, demoTimeout: 300_000, ...shots });
        expect(findings).toEqual(NOTHING);
        await page.goto('about:blank');
        if (theme === 'light') renameSync(path.join(studio.home, 'demo'), pictures);
      } finally {
        await studio.close();
      }
    });
  }
});

/** The AGIQA-3K sample where it is at hand, else generated pictures in the same layout. */
async function ratedFolder(): Promise<{ root: string; name: string; images: string }> {
  const data = path.resolve(import.meta.dirname, '../../../shared/data');
  if (existsSync(path.join(data, 'agiqa-3k-sample/data.csv')))
    return { root: data, name: 'agiqa-3k-sample', images: '747' };
  const folder = path.join(scratch, 'generated');
  const rows = await makeSmallDataset(folder, { images: 200, groups: 20 });
  const lines = rows.map((r) => `${r.name},scene ${r.group},,,,${r.mos},0.5,${r.mos},0.5`);
  rmSync(path.join(folder, 'labels.csv'));
  const header = 'name,prompt,adj1,adj2,style,mos_quality,std_quality,mos_align,std_align';
  writeFileSync(path.join(folder, 'data.csv'), `${[header, ...lines].join('\n')}\n`);
  return { root: scratch, name: 'generated', images: '200' };
}

test('an own folder: import, extract, run by image with the leakage warning, then by group', async ({
  page,
}) => {
  const folder = await ratedFolder();
  const studio = await serveStudio({ root: folder.root });
  try {
    await page.goto(studio.url);
    const findings = watchPage(page);
    await page.getByRole('link', { name: 'Add a dataset folder' }).click();
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: folder.name }).click();
    await expect(dialog).toContainText('data.csv');
    await dialog.getByRole('button', { name: 'Use this folder' }).click();
    await expect(page.getByRole('heading', { name: /Recognised as agiqa-3k/ })).toBeVisible({
      timeout: 60_000,
    });
    await expect(page.locator('main')).toContainText(folder.images);
    await checkWithAxe(page, 'scan report', findings);
    await page.getByRole('button', { name: /^Import/ }).click();
    await expect(page).toHaveURL(/#\/streams/); // where the next step is
    await page
      .getByRole('button', { name: /^(Extract|Start)/ })
      .first()
      .click();
    await expect(page.getByRole('table')).toContainText('complete', { timeout: 60_000 });

    await page.getByRole('link', { name: 'Experiments', exact: true }).click();
    const json = page.getByRole('textbox', { name: 'The same as JSON' });
    await expect(json).toHaveValue(/"unit": "group"/); // the default where there are groups
    await json.fill(
      (await json.inputValue())
        .replace('"unit": "group"', '"unit": "image"')
        .replace('"epochs": 80', '"epochs": 20'),
    );
    await page.getByRole('button', { name: 'Run the experiment' }).click();
    await expect(page.getByText(/\d of 5 folds done/).first()).toBeVisible(); // the live view
    await page.goto(new URL('#/run/1', page.url()).href);
    const headline = page.getByLabel('Headline numbers');
    await expect(headline).toContainText(/0\.\d{3}/, { timeout: 60_000 });
    const warning = page.getByText(/the same content is on both sides/);
    await expect(warning).toBeVisible();
    await checkWithAxe(page, 'run with a warning', findings);
    await page.getByRole('button', { name: /group/ }).click();
    await expect(page).toHaveURL(/#\/run\/2$/);
    await expect(headline).toContainText(/0\.\d{3}/, { timeout: 60_000 });
    await expect(warning).toBeHidden();
    expect(findings).toEqual(NOTHING);
  } finally {
    await studio.close();
  }
});
