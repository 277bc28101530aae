// What a new user meets: pages without data that lead on, words that explain themselves, and what is asked before it is lost.
import { expect, type Locator, type Page } from '@playwright/test';
import { NOTHING, open, shoot, test } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

const main = (page: Page): Locator => page.getByRole('main');
const term = (page: Page, word: string): Locator => main(page).locator('button.term', { hasText: word });

/** Address -> what leads on from a page that has no data yet. */
const NEXT_STEPS: [hash: string, role: 'link' | 'button', name: string][] = [
  ['', 'link', 'Add a dataset folder'],
  ['#/datasets', 'button', 'Try the demo'],
  ['#/add', 'button', 'Choose a folder'],
  ['#/make-ladder', 'button', 'Choose a folder for Pristine pictures'],
  ['#/streams', 'link', 'Add a dataset'],
  ['#/encoders', 'button', 'Add an encoder'],
  ['#/experiments', 'link', 'Add a dataset'],
  ['#/runs', 'link', 'New experiment'],
  ['#/compare', 'link', 'New experiment'],
  ['#/score', 'link', 'New experiment'],
  ['#/compare-folders', 'link', 'New experiment'],
];

for (const theme of ['light', 'dark'] as const) {
  test(`every page without data leads on and explains a word, ${theme}`, async ({ page, empty }) => {
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 1280, height: 800 });
    for (const [hash, role, name] of NEXT_STEPS) {
      await open(page, empty, hash);
      await expect(main(page).getByRole(role, { name }).first(), hash).toBeVisible();
      await expect(main(page).locator('button.term').first(), hash).toBeVisible();
      await checkWithAxe(page, `${hash} (${theme})`, findings);
      await shoot(page, `first-${hash.slice(2) || 'home'}-${theme}`);
    }
    expect(findings).toEqual(NOTHING);
  });

  test(`words are explained where they stand first, ${theme}`, async ({ page, mock }) => {
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 1280, height: 800 });
    const WORDS: [hash: string, words: string[]][] = [
      ['#/add', ['scales', 'scores', 'groups']],
      ['#/datasets/1', ['distortion', 'level', 'MOS']],
      ['#/runs', ['run', 'streams', 'protocol', 'n', 'SROCC', '95 %', 'PLCC', 'RMSE']],
      ['#/run/1', ['protocol', 'SROCC', 'PLCC', 'KROCC', 'RMSE', '95 %', 'folds', 'Residuals']],
      ['#/score', ['run', 'scale']],
      ['#/compare-folders', ['run', 'difference']],
      ['#/compare?runs=1,2', ['Runs', 'distortions', 'gate', 'base', 'SROCC difference']],
      ['#/experiments?dataset=1', ['Streams', 'Fusion', 'Protocol', 'Ensemble', 'Ablation', 'MC-dropout']],
    ];
    for (const [hash, words] of WORDS) {
      await open(page, mock, hash);
      for (const word of words) await expect(term(page, word).first(), `${hash}: ${word}`).toBeVisible();
      await shoot(page, `words-${hash.slice(2).replace(/\W+/g, '-')}-${theme}`);
    }
    await open(page, mock, '#/score');
    await term(page, 'run').focus();
    await expect(page.getByRole('tooltip')).toContainText('what an experiment leaves behind');
    await checkWithAxe(page, `an explanation (${theme})`, findings);
    expect(findings).toEqual(NOTHING);
  });
}

test('deleting a run says what is lost, and keeps it when told to', async ({ page, mock }) => {
  await open(page, mock, '#/run/1');
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText(
    'Its 1\u202f200 predictions, its metrics, its training curves and its model are lost',
  );
  await expect(dialog).toContainText('This cannot be undone.');
  await shoot(page, 'delete-run');
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(dialog).toHaveCount(0);
  expect(mock.catalog.runs.map(({ run }) => run)).toContain(1);
});
