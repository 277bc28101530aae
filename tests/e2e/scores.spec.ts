// Scoring a folder and comparing two, against the mock engine, in both themes.
import { expect, type Page } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import { NOTHING, shoot, test } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

async function chooseFolder(page: Page, field: string, name: string): Promise<void> {
  await page.getByRole('button', { name: `Choose a folder for ${field}` }).click();
  await page.getByRole('dialog').getByRole('button', { name }).click();
  await page.getByRole('button', { name: 'Use this folder' }).click();
}

for (const theme of ['light', 'dark'] as const) {
  test.describe(theme, () => {
    test.use({
      colorScheme: theme,
      viewport: theme === 'light' ? { width: 1280, height: 800 } : { width: 1920, height: 1080 },
    });

    test('a folder is scored, sorted, looked at and taken out', async ({ page, mock }) => {
      const findings = watchPage(page);
      await page.goto(`${mock.url}/#/runs`);
      await page.getByRole('link', { name: 'Score a folder' }).click();
      const start = page.getByRole('button', { name: 'Score the pictures' });
      await expect(start).toBeDisabled();
      await chooseFolder(page, 'Pictures', 'LIVE-itW');
      await checkWithAxe(page, 'form', findings);
      await shoot(page, `score-form-${theme}`);
      await start.click();
      await expect(page).toHaveURL(/#\/score\?run=\d+&job=\d+$/);
      await expect(page.getByRole('progressbar', { name: 'Scoring' })).toBeVisible();
      await shoot(page, `score-running-${theme}`);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await expect(page.getByText('going on does only the rest')).toBeVisible();
      await page.getByRole('button', { name: 'Go on' }).click();
      const table = page.getByRole('table', { name: 'Scored pictures' });
      await expect(table).toHaveAttribute('aria-rowcount', '401');
      const first = () => table.getByRole('row').nth(1).getByRole('cell');
      const lowest = Number((await first().nth(2).textContent())!.trim());
      await table.getByRole('button', { name: 'prediction' }).click();
      await expect(table.getByRole('columnheader', { name: 'prediction' })).toHaveAttribute(
        'aria-sort',
        'descending',
      );
      expect(Number((await first().nth(2).textContent())!.trim())).toBeGreaterThan(lowest);
      // Only rows in sight are in the page.
      expect(await table.getByRole('row').count()).toBeLessThan(60);
      await checkWithAxe(page, 'results', findings);
      await shoot(page, `score-results-${theme}`);
      await first().nth(1).getByRole('button').click();
      const dialog = page.getByRole('dialog');
      await expect(dialog).toContainText('1 of 400');
      await page.keyboard.press('ArrowRight');
      await expect(dialog).toContainText('2 of 400');
      await expect(dialog.getByRole('img')).toHaveJSProperty('complete', true);
      await checkWithAxe(page, 'picture', findings);
      await shoot(page, `score-picture-${theme}`);
      await page.keyboard.press('Escape');
      const csv = page.waitForEvent('download');
      await page.getByRole('link', { name: 'CSV' }).click();
      expect((await csv).suggestedFilename()).toMatch(/^scores-\d+\.csv$/);
      await page.reload();
      await expect(table).toHaveAttribute('aria-rowcount', '401');
      expect(findings).toEqual(NOTHING);
    });

    test('two folders are compared, with a verdict', async ({ page, mock }) => {
      const findings = watchPage(page);
      await page.goto(`${mock.url}/#/run/1`);
      await page.getByRole('link', { name: 'Compare two folders' }).click();
      await chooseFolder(page, 'A (before)', 'LIVE-itW');
      await chooseFolder(page, 'B (after)', 'own-ratings');
      const limit = page.getByLabel('Allowed drop (0 to 1, empty: no verdict)');
      await limit.fill('two');
      await expect(page.getByRole('alert')).toContainText('a number from 0 to 1');
      await expect(page.getByRole('button', { name: 'Compare' })).toBeDisabled();
      await limit.fill('0.02');
      await checkWithAxe(page, 'form', findings);
      await shoot(page, `compare-form-${theme}`);
      await page.getByRole('button', { name: 'Compare' }).click();
      await expect(page.getByRole('status').filter({ hasText: 'Worse than allowed' })).toBeVisible();
      await expect(page.getByLabel('Headline numbers')).toContainText('p = 0.00031');
      await expect(page.getByRole('region', { name: 'B against A' }).locator('canvas')).toBeVisible();
      await checkWithAxe(page, 'report', findings);
      await shoot(page, `compare-report-${theme}`);
      const table = page.getByRole('table', { name: 'Pairs, worst first' });
      await table.getByRole('button', { name: /shop/ }).first().click();
      const dialog = page.getByRole('dialog');
      await expect(dialog.getByRole('img')).toHaveCount(2);
      await checkWithAxe(page, 'pair', findings);
      await shoot(page, `compare-pair-${theme}`);
      await page.keyboard.press('Escape');
      for (const [name, ending] of [
        ['Report HTML', 'html'],
        ['JSON', 'json'],
        ['CSV', 'csv'],
      ] as const) {
        const download = page.waitForEvent('download');
        await page.getByRole('link', { name }).click();
        expect((await download).suggestedFilename()).toMatch(new RegExp(`^comparison-\\d+\\.${ending}$`));
      }
      await table.scrollIntoViewIfNeeded();
      await shoot(page, `compare-report-below-${theme}`);
      await page.reload();
      await expect(table).toHaveAttribute('aria-rowcount', '61');
      await page.getByRole('button', { name: /^Jobs/ }).click();
      await page.getByRole('link', { name: 'See the report' }).click();
      await expect(page).toHaveURL(/#\/compare-folders\?job=\d+$/);
      expect(findings).toEqual(NOTHING);
    });
  });
}

test('without a run, with one that can not score here, and with a failure', async ({ page, mock, empty }) => {
  await page.goto(`${empty.url}/#/score`);
  await expect(page.getByText('there is none yet')).toBeVisible();
  await page.goto(`${empty.url}/#/compare-folders`);
  await expect(page.getByText('there is none yet')).toBeVisible();
  await page.goto(`${mock.url}/#/score?run=2`);
  await expect(page.getByRole('alert')).toContainText('The model of its stream');
  await chooseFolder(page, 'Pictures', 'LIVE-itW');
  await expect(page.getByRole('button', { name: 'Score the pictures' })).toBeDisabled();
  await shoot(page, 'score-not-here');
  mock.catalog.failNext.set('scores.runs', new StudioError('internal', 'The catalog is away'));
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('The catalog is away');
  await page.goto(`${mock.url}/#/score?job=999`);
  await expect(page.getByRole('alert')).toContainText('There is no job 999');
});
