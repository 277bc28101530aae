// Compare and the gate heatmaps against the mock engine, in both themes.
import { readFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import { comparisonRuns } from '../fixtures/mock-analysis.ts';
import { NOTHING, open, SHOTS, test as mockTest } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

const ALL = '#/compare?runs=11,12,13,14';

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  // The whole page: its scroller is as high as what it holds.
  const height = await page.locator('main').evaluate((main) => main.scrollHeight);
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: size.width, height: Math.min(6000, height + 60) });
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
  await page.setViewportSize(size);
}

/** With four more runs, to compare. */
const test = mockTest.extend({
  mock: async ({ mock }, use) => {
    mock.catalog.runs.unshift(...comparisonRuns());
    await use(mock);
  },
});

for (const theme of ['light', 'dark'] as const) {
  test(`four runs are compared, ${theme}`, async ({ page, mock }) => {
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(
      theme === 'light' ? { width: 1280, height: 800 } : { width: 1920, height: 1080 },
    );
    await open(page, mock, ALL);
    const side = page.getByRole('region', { name: 'Side by side' });
    await expect(side.getByText(/500 resamples of 20 groups/)).toBeVisible();
    await expect(side.getByRole('row')).toHaveCount(5);
    await expect(side.getByRole('row').nth(2)).toContainText(/[+−]0\.\d{4} to [+−]0\.\d{4}/);
    const delta = page.getByRole('region', { name: 'NSS delta per distortion' });
    await expect(delta.locator('canvas')).toHaveAttribute('aria-label', /positive on \d+ of 12 types/);
    const against = page.getByRole('region', { name: 'Gate of nss against delta' });
    await expect(against).toContainText(/ρ = [−]?\d\.\d{3}, p [=<] 0\.\d+ \(12 types\)/);
    await expect(page.getByRole('region', { name: 'Gate inputs' }).getByRole('row')).toHaveCount(3);
    for (const name of ['Gates by distortion and category', 'Gates by distortion and stream'])
      await expect(page.getByRole('region', { name }).locator('canvas')).toBeVisible();
    await expect(page.getByRole('region', { name: 'Published figures' })).toContainText('not measured here');
    await expect(page.getByRole('region', { name: 'Models against datasets' })).toContainText('no run');
    await checkWithAxe(page, `compare (${theme})`, findings);
    await shoot(page, `compare-${theme}`);
    await open(page, mock, '#/run/13');
    await expect(
      page.getByRole('region', { name: 'Gates by level and stream' }).locator('canvas'),
    ).toBeVisible();
    await expect(page.getByRole('region', { name: 'Error against uncertainty' })).toContainText(/ρ = /);
    await checkWithAxe(page, `run with gates (${theme})`, findings);
    await shoot(page, `run-gates-${theme}`);
    expect(findings).toEqual(NOTHING);
  });
}

test('runs are chosen, and the choice is in the address and comes back from it', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/runs');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await expect(page.getByText('Choose at least two finished runs')).toBeVisible();
  await checkWithAxe(page, 'compare, nothing chosen', findings);
  await shoot(page, 'compare-empty');
  const picker = page.getByRole('region', { name: 'Runs to compare' });
  await picker.getByRole('searchbox').fill('static');
  await picker.getByRole('button', { name: /Add all runs of the experiment of all three, static/ }).click();
  await expect(page).toHaveURL(/#\/compare\?runs=11,12,13,14,15$/);
  await picker.getByRole('button', { name: 'Take on the wild away' }).click();
  await expect(page).toHaveURL(/runs=11,12,13,14$/);
  const side = page.getByRole('region', { name: 'Side by side' });
  await side.getByRole('radio', { name: 'SigLIP + CLIP-H as baseline' }).check();
  const choices = page.getByRole('region', { name: 'What the charts compare' });
  await choices.getByLabel('Gates of').selectOption({ label: 'all three, gate by NSS' });
  await choices.getByLabel('Gate of stream').selectOption('clip-vit-h14-laion2b');
  await page.getByLabel('Published table').selectOption('dr-experts/table-2');
  await expect(page).toHaveURL(
    /baseline=12&gated=14&stream=clip-vit-h14-laion2b&published=dr-experts\/table-2/,
  );
  await page.reload();
  await expect(side.getByRole('radio', { name: 'SigLIP + CLIP-H as baseline' })).toBeChecked();
  await expect(
    page.getByRole('region', { name: 'Gate of clip-vit-h14-laion2b against delta' }),
  ).toBeVisible();
  await expect(page.getByRole('region', { name: 'Published figures' })).toContainText('P2P-BM');
  expect(findings).toEqual(NOTHING);
});

test('runs that can not be compared say why; runs without gates or types explain what is missing', async ({
  page,
  mock,
}) => {
  const findings = watchPage(page);
  await open(page, mock, '#/compare?runs=11,15&with=11&without=15');
  const side = page.getByRole('region', { name: 'Side by side' });
  await expect(side).toContainText('on the wild was tested on live-itw, all three, static on biqa-demo');
  await expect(side.getByRole('row').nth(2)).toContainText('not comparable');
  await expect(page.getByRole('region', { name: 'Delta per distortion' })).toContainText(
    'Choose two runs on one dataset',
  );
  await checkWithAxe(page, 'compare, other datasets', findings);
  expect(findings).toEqual(NOTHING);
  await open(page, mock, '#/compare?runs=11,12');
  await expect(page.getByText('None of the chosen runs has gates')).toBeVisible();
  mock.catalog.failNext.set('analysis.runs', new StudioError('corrupt', 'The catalog is damaged'));
  await open(page, mock, ALL);
  await expect(page.getByRole('alert')).toContainText('The catalog is damaged');
});

test('cells of a heatmap and bars open the images behind them, by keyboard too', async ({ page, mock }) => {
  await open(page, mock, '#/run/13');
  const cells = page.getByRole('region', { name: 'Gates by distortion and level' }).locator('canvas');
  await cells.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/datasets\/1\?run=13&type=\d\d&level=2$/);
  await expect(page.getByRole('status').filter({ hasText: 'images' })).toContainText('20 images match');
  await open(page, mock, ALL);
  await page.getByRole('region', { name: 'NSS delta per distortion' }).locator('canvas').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/sort=residual&desc=1&run=11&type=\d\d$/);
});

test('gates image by image are sorted by any column, and only what shows is drawn', async ({
  page,
  mock,
}) => {
  await open(page, mock, '#/run/13');
  const table = page.getByRole('table', { name: 'Gates by image and stream' });
  await table.scrollIntoViewIfNeeded();
  await expect(table.getByRole('row').nth(1)).toBeVisible();
  expect(await table.getByRole('row').count()).toBeLessThan(60);
  const first = async (column: number): Promise<number> =>
    Number(await table.getByRole('row').nth(1).getByRole('cell').nth(column).textContent());
  await table.getByRole('button', { name: /^siglip/ }).click();
  await expect(table.getByRole('columnheader', { name: /^siglip/ })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  const highest = await first(2);
  await table.getByRole('button', { name: /^siglip/ }).click();
  await expect(table.getByRole('columnheader', { name: /^siglip/ })).toHaveAttribute(
    'aria-sort',
    'ascending',
  );
  await expect.poll(() => first(2)).toBeLessThan(highest - 0.3);
  await table.getByRole('button', { name: /^image/ }).click();
  await expect(table.getByRole('row').nth(1)).toContainText('I01_01_01.png');
});

test('every chart and table of the comparison leaves the window', async ({ page, mock, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, mock, ALL);
  await expect(page.getByText(/500 resamples of 20 groups/)).toBeVisible();
  await expect(page.getByText(/runs compared/)).toBeHidden();
  const choose = async (region: string, item: string): Promise<void> => {
    await page
      .getByRole('region', { name: region, exact: true })
      .getByRole('button', { name: /^Export/ })
      .click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const copy = async (region: string, item: string): Promise<string> => {
    await choose(region, item);
    await expect(page.getByText('copied.').first()).toBeVisible();
    return page.evaluate('navigator.clipboard.readText()');
  };
  const save = async (region: string, item: string): Promise<Buffer> => {
    const download = page.waitForEvent('download');
    await choose(region, item);
    return readFile(await (await download).path());
  };
  expect(await copy('Side by side', 'Copy as LaTeX')).toMatch(/\\textbf\{0\.\d{3}\}/);
  expect(await copy('Side by side', 'Copy as Markdown')).toContain('PLCC after logistic');
  expect((await save('Models against datasets', 'Save as CSV')).toString()).toMatch(
    /^model,trained on,biqa-demo,live-itw\n/,
  );
  expect((await save('Published figures', 'Save as CSV')).toString()).toContain('published [3],0.665,0.681');
  expect((await save('Gate inputs', 'Save as CSV')).toString()).toContain('gate input');
  expect((await save('Gates image by image', 'Save as CSV')).toString().split('\n')).toHaveLength(1202);
  const pictures = [
    'NSS delta per distortion',
    'Gate of nss against delta',
    'Gates by distortion and category',
    'Gates by distortion and stream',
    'Gates by distortion and level',
    'Gates by level and stream',
  ];
  for (const region of pictures) {
    const svg = (await save(region, 'Save as SVG')).toString();
    expect(svg, region).toContain('<text');
    const parsed = `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror')`;
    expect(await page.evaluate(parsed), region).toBeNull();
    expect((await save(region, 'Save as PNG')).subarray(1, 4).toString()).toBe('PNG');
  }
  // 12 types x 3 streams, each cell with its number as text.
  const map = (await save('Gates by distortion and stream', 'Save as SVG')).toString();
  expect(map.match(/<text [^>]*>\d\.\d\d<\/text>/g)).toHaveLength(36);
});
