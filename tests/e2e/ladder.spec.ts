// The ladder page against the mock engine: an unrated dataset, a check of a run, its charts, tables, links and exports.
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import { LADDER, ladderDataset } from '../fixtures/mock-ladder.ts';
import { NOTHING, shoot, test as mockTest } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

/** With a ladder among the datasets. */
const test = mockTest.extend({
  mock: async ({ mock }, use) => {
    mock.catalog.datasets = [...mock.catalog.datasets, ladderDataset()];
    await use(mock);
  },
});

for (const theme of ['light', 'dark'] as const) {
  test(`a run is checked along the ladders of an unrated dataset, ${theme}`, async ({ page, mock }) => {
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(
      theme === 'light' ? { width: 1280, height: 800 } : { width: 1920, height: 1080 },
    );
    await page.goto(`${mock.url}/#/datasets`);
    const row = page.getByRole('row', { name: /kodak ladder/ });
    await expect(row).toContainText('no scores');
    await expect(row.getByRole('link', { name: 'Experiment' })).toHaveCount(0);
    await row.getByRole('link', { name: 'kodak ladder' }).click();
    await expect(page.locator('main')).toContainText('nobody rated these pictures');
    await expect(page.getByRole('link', { name: 'New experiment' })).toHaveCount(0);
    await checkWithAxe(page, `dataset (${theme})`, findings);
    await page.getByRole('link', { name: 'Ladder', exact: true }).click();

    await page.getByLabel('Run').selectOption('2');
    await expect(page).toHaveURL(new RegExp(`#/ladder/${LADDER}\\?run=2$`));
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await expect(page.getByRole('progressbar', { name: 'Ladder check' })).toBeVisible();
    await expect(page.getByText('98.9 %')).toBeVisible();
    await expect(page).toHaveURL(/run=2&job=\d+$/);
    await page.reload(); // the address restores the check
    await expect(page.getByRole('region', { name: /^Score against level/ })).toHaveCount(7);
    await expect(page.getByRole('region', { name: /^Gate of .* against level/ })).toHaveCount(2);
    const table = page.getByRole('region', { name: 'Monotonicity per distortion' });
    await expect(table.getByRole('row')).toHaveCount(1 + 23 + 1);
    await expect(table.getByRole('row').nth(1)).toContainText('Color shift');
    await checkWithAxe(page, `ladder (${theme})`, findings);
    await shoot(page, `ladder-${theme}`, true);

    await page.getByRole('link', { name: /kodim05.png, Color shift, level 3/ }).click();
    await expect(page).toHaveURL(/#\/image\/23\?run=2/);
    await page.keyboard.press('Escape');
    await expect(page).toHaveURL(/#\/ladder\/3\?run=2&job=/);
    expect(findings).toEqual(NOTHING);
  });
}

test('the table is exported as it is shown, a failed check is explained', async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/ladder/${LADDER}?run=1`);
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  const panel = page.getByRole('region', { name: 'Monotonicity per distortion' });
  await panel
    .getByRole('button', { name: /Export|Copy/ })
    .first()
    .click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: /CSV/ }).click();
  const csv = await readFile((await (await download).path())!, 'utf8');
  expect(csv.split('\n')[0]).toBe(
    'type,distortion,group,ladders,steps,"right steps, %",mean SROCC,mean KROCC',
  );
  expect(csv).toContain('05,Color shift,colour,24,96,75,0.9,0.8');

  mock.catalog.failNext.set(
    'ladders.check',
    new StudioError('not-available', 'Run 1 uses stream "far", which can not be computed', {
      hint: 'Choose another run.',
    }),
  );
  await page.getByRole('button', { name: 'Check again' }).click();
  await expect(page.getByText('Choose another run.')).toBeVisible();
});

for (const theme of ['light', 'dark'] as const) {
  test(`a ladder is made from a folder: what it costs, progress, its dataset, ${theme}`, async ({
    page,
    mock,
  }) => {
    mock.catalog.datasets = mock.catalog.datasets.slice(0, 2);
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(`${mock.url}/#/datasets`);
    await page.getByRole('link', { name: 'Make a ladder' }).click();
    const start = page.getByRole('button', { name: 'Make the ladder' });
    await expect(start).toBeDisabled();
    await page.getByRole('button', { name: /^Choose a folder/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'LIVE-itW' }).click();
    await expect(dialog).toContainText('pictures/LIVE-itW');
    await dialog.getByRole('button', { name: 'Use this folder' }).click();
    // 24 pictures x (25 types x 5 levels + 1): more than the mock's disk has room for.
    await expect(page.getByText('About 3\u202f024 images from 24 pictures')).toBeVisible();
    await expect(page.getByText('Choose fewer distortions or levels.')).toBeVisible();
    await expect(start).toBeDisabled();
    await checkWithAxe(page, `make a ladder (${theme})`, findings);
    await shoot(page, `make-ladder-${theme}`);

    await page.getByRole('button', { name: 'None' }).click();
    await expect(page.getByText('Choose at least one distortion and one level.')).toBeVisible();
    await page.getByRole('group', { name: 'blur', exact: true }).getByLabel('Lens blur').check();
    await page.getByLabel('JPEG', { exact: true }).check();
    await page.getByLabel('2', { exact: true }).uncheck();
    await expect(page.getByText('About 216 images from 24 pictures')).toBeVisible();
    await expect(page.getByLabel('Name in the catalog')).toHaveValue('LIVE-itW ladder');
    await page.getByLabel('Name in the catalog').fill('my ladder');
    await page.getByRole('textbox', { name: 'Seed' }).fill('x');
    await expect(start).toBeDisabled();
    await page.getByRole('textbox', { name: 'Seed' }).fill('7');
    await start.click();
    await expect(page.getByRole('progressbar', { name: 'Ladder' })).toBeVisible();
    expect(mock.catalog.ladderInput).toMatchObject({
      types: ['02', '10'],
      levels: [1, 3, 4, 5],
      name: 'my ladder',
      seed: 7,
    });
    await expect(page).toHaveURL(/#\/datasets\/3$/);
    await expect(page.getByRole('heading', { name: 'my ladder' })).toBeVisible();
    expect(findings).toEqual(NOTHING);
  });
}
