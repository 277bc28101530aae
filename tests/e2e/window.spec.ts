// The window against the mock engine: every page in both themes, and the states that a healthy engine never shows.
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import { NOTHING, open, shoot, SHOTS, test } from './mock-test.ts';
import { checkWithAxe, walkWindow, watchPage } from './walk.ts';

for (const theme of ['light', 'dark'] as const) {
  test(`a new user gets from the empty window to every page, ${theme}`, async ({ page, empty }) => {
    await page.setViewportSize(
      theme === 'light' ? { width: 1280, height: 800 } : { width: 1920, height: 1080 },
    );
    await open(page, empty, '');
    const findings = await walkWindow(page, { theme, ...(SHOTS === undefined ? {} : { shots: SHOTS }) });
    expect(findings).toEqual(NOTHING);
  });
}

test('a folder is chosen, reported on, imported and extracted', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/add');
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'LIVE-itW' }).click();
  await expect(dialog).toContainText('AllMOS_release.mat');
  await checkWithAxe(page, 'folder dialog', findings);
  await dialog.getByRole('button', { name: 'Use this folder' }).click();
  await expect(page.getByRole('progressbar', { name: 'Scan' })).toBeVisible();
  await expect(page.getByRole('heading', { name: /Recognised as live-itw/ })).toBeVisible();
  await expect(page.locator('main')).toContainText('1 082'.replace(' ', '\u202f'));
  await checkWithAxe(page, 'scan report', findings);
  await page.reload();
  await page.getByRole('textbox', { name: 'Name in the catalog' }).fill('in the wild');
  await page.getByRole('button', { name: /^Import/ }).click();
  await expect(page).toHaveURL(/#\/streams$/);
  const name = 'NSS of in the wild';
  await page.getByRole('button', { name: `Extract ${name}` }).click();
  await page.getByRole('button', { name: `pause ${name}` }).click();
  await expect(page.getByText('paused').first()).toBeVisible();
  await page.getByRole('button', { name: `resume ${name}` }).click();
  await expect(page.getByText(/images\/s/)).toBeVisible();
  await page.getByRole('button', { name: `cancel ${name}` }).click();
  await expect(page.getByRole('button', { name: `Extract ${name}` })).toBeVisible();
  expect(findings).toEqual(NOTHING);
});

test('an ambiguous folder is asked about, an unreadable one explained', async ({ page, mock }) => {
  await open(page, mock, '#/add');
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  await page.getByRole('button', { name: 'holiday' }).click();
  await expect(page.getByRole('alert')).toContainText('Give this user read access');
  await page.getByRole('button', { name: 'own-ratings' }).click();
  await page.getByRole('button', { name: 'Use this folder' }).click();
  await expect(page.getByRole('alert')).toContainText('several score columns');
  await expect(page.getByRole('alert')).toContainText('Name the column with “Score column”');
  await page.getByLabel('Score column').fill('quality');
  await page.getByLabel('Lowest score possible').fill('5');
  await page.getByLabel('Highest score possible').fill('1');
  await expect(page.getByText('must be below the highest')).toBeVisible();
  await page.getByLabel('Lowest score possible').fill('1');
  await page.getByLabel('Highest score possible').fill('5');
  await page.getByRole('button', { name: 'Scan again' }).click();
  await expect(page.getByRole('heading', { name: /Recognised as/ })).toBeVisible();
});

test('the grid jumps over 40,000 images, fetches only what shows, and comes back to its place', async ({
  page,
  mock,
}) => {
  const pages: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/trpc/images.page')) pages.push(request.url());
  });
  await open(page, mock, '#/datasets/2');
  await page.locator('[data-index="0"]').focus();
  await page.keyboard.press('End');
  await expect(page.locator('a[data-index="39999"]')).toBeFocused();
  expect(pages.length).toBeLessThanOrEqual(6);
  await expect(page).toHaveURL(/at=\d{5}/);
  await page.keyboard.press('Home');
  await expect(page.locator('a[data-index="0"]')).toBeFocused();
  await page.keyboard.press('End');
  // Without its image's address yet, as the cell is while its rows are on their way, there is nothing to open.
  await expect(page.locator('a[data-index="39999"][href]')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText(/of 40\u202f000/)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('a[data-index="39999"]')).toBeFocused();
});

test('thumbnails that were scrolled away are given up', async ({ page, mock }) => {
  const aborted: string[] = [];
  page.on('requestfailed', (request) => {
    if (request.url().includes('/thumb/')) aborted.push(request.failure()?.errorText ?? '');
  });
  // Thumbnails of the first rows never come.
  await page.route(/\/thumb\/1000\d\d\?/, () => undefined);
  await open(page, mock, '#/datasets/2');
  await page.locator('a[data-index="0"][href]').focus();
  await page.keyboard.press('End');
  await expect(page.locator('a[data-index="39999"][href] img')).toBeVisible();
  await expect.poll(() => aborted.length).toBeGreaterThan(0);
  expect(new Set(aborted)).toEqual(new Set(['net::ERR_ABORTED']));
});

test('filters, order and histogram go into the address and come back from it', async ({ page, mock }) => {
  await open(page, mock, '#/datasets/1');
  const status = page.getByRole('status').filter({ hasText: 'images' });
  await expect(status).toContainText('1\u202f200 images');
  await page.getByRole('button', { name: 'Level 5' }).click();
  await expect(status).toContainText('240 images match');
  await page.getByRole('button', { name: 'Distortion ▾' }).click();
  await page.getByRole('checkbox', { name: /Motion blur/ }).check();
  await page.keyboard.press('Escape');
  await expect(status).toContainText('20 images match');
  await page.getByLabel('sort').selectOption('residual');
  await expect(page).toHaveURL(/sort=residual/);
  await expect(page).toHaveURL(/run=\d/);
  await page.reload();
  await expect(status).toContainText('20 images match');
  await expect(page.getByLabel('sort')).toHaveValue('residual');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('button', { name: /^4\.50 to/ }).click();
  await expect(page).toHaveURL(/mos=4\.5/);
  await page.keyboard.press('/');
  await page.keyboard.type('I03_');
  await expect(page).toHaveURL(/text=I03_/);
});

test('an experiment is checked, warned about, run and watched', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/experiments?dataset=1');
  await expect(page.getByRole('note')).toContainText('Leakage');
  await page.getByRole('button', { name: 'Use groups' }).click();
  await expect(page.getByRole('note')).toBeHidden();
  await expect(page.getByRole('textbox', { name: 'The same as JSON' })).toHaveValue(/"unit": "group"/);
  const json = page.getByRole('textbox', { name: 'The same as JSON' });
  const good = await json.inputValue();
  await json.fill(good.replace('"epochs"', '"epoch"'));
  await expect(page.getByRole('alert')).toContainText('did you mean "epochs"');
  await json.fill('{');
  await expect(page.getByRole('button', { name: 'Run the experiment' })).toBeDisabled();
  await json.fill(good);
  await page.getByRole('button', { name: 'Run the experiment' }).click();
  await expect(page.locator('canvas[aria-label*="5 folds"]')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Jobs 1' })).toBeVisible();
  await checkWithAxe(page, 'experiments, training', findings);
  await shoot(page, 'training');
  await page.getByRole('region', { name: 'Past and running' }).getByRole('link').first().click();
  await expect(page.getByLabel('Headline numbers')).toBeVisible();
  // The refused spec is an HTTP error on purpose, and Chromium reports those.
  findings.consoleErrors = findings.consoleErrors.filter(
    (error) => !error.includes('/trpc/experiments.check'),
  );
  expect(findings).toEqual(NOTHING);
});

test('charts and tables leave the window as TSV, PNG, SVG, Markdown and LaTeX', async ({
  page,
  mock,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, mock, '#/run/1');
  const choose = async (region: string, item: string): Promise<void> => {
    await page
      .getByRole('region', { name: region })
      .getByRole('button', { name: /^Export/ })
      .click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const clipboard = (): Promise<string> => page.evaluate('navigator.clipboard.readText()');
  await choose('SROCC per distortion', 'Copy as TSV');
  await expect(page.getByText('Table copied.').first()).toBeVisible();
  expect(await clipboard()).toMatch(/^type\tdistortion\tn\tSROCC\n05\tColor shift\t100\t0\.41\n/);
  await choose('Folds', 'Copy as LaTeX');
  await expect(page.getByText('LaTeX copied.')).toBeVisible();
  expect(await clipboard()).toContain('\\begin{tabular}{lrrrrr}');

  const save = async (region: string, item: string): Promise<Buffer> => {
    const download = page.waitForEvent('download');
    await choose(region, item);
    return readFile(await (await download).path());
  };
  for (const region of [
    'SROCC per distortion',
    'Predicted against rated quality',
    'Residuals',
    'Loss and learning rate',
  ]) {
    const svg = (await save(region, 'Save as SVG')).toString();
    expect(svg).toContain('5-fold cv by image');
    expect(
      await page.evaluate(
        `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror')`,
      ),
    ).toBeNull();
  }
  const curves = (await save('Loss and learning rate', 'Save as SVG')).toString();
  expect(curves.match(/<path d="M[^"]{600,}" fill="none" stroke="#/g)).toHaveLength(6);
  expect((await save('SROCC per distortion', 'Save as SVG')).toString()).toMatch(
    /<text [^>]*>Color shift \(05\)<\/text>/,
  );
  const png = await save('Predicted against rated quality', 'Save as PNG');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.length).toBeGreaterThan(20_000);
});

test('a point of the scatter and a bar open by keyboard', async ({ page, mock }) => {
  await open(page, mock, '#/run/1');
  await page.getByRole('region', { name: 'Predicted against rated quality' }).locator('canvas').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/image\/1\?run=1/);
  await expect(page.getByRole('heading', { level: 1, name: 'I01_01_01.png' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('region', { name: 'SROCC per distortion' }).locator('canvas').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/sort=residual&run=1&type=05/);
});

test('deleting says what is lost and asks; renaming shows at once', async ({ page, mock }) => {
  await open(page, mock, '#/datasets');
  await page.getByRole('button', { name: 'Rename live-itw' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('wild');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await expect(page.getByRole('link', { name: 'wild' })).toBeVisible();
  await page.getByRole('button', { name: 'Delete biqa-demo' }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText('1\u202f200 images');
  await expect(dialog).toContainText('3 runs');
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(page.getByRole('link', { name: 'biqa-demo' })).toBeVisible();
  await page.getByRole('button', { name: 'Delete biqa-demo' }).click();
  await dialog.getByRole('button', { name: 'Delete the dataset' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('link', { name: 'biqa-demo' })).toBeHidden();
});

test('clearing the list of jobs says what is lost and asks', async ({ page, mock }) => {
  mock.catalog.jobs.start('scan', 'Scan of a folder', 1, () => null);
  await open(page, mock, '#/datasets');
  await page.getByRole('button', { name: /^Jobs/ }).click();
  const drawer = page.getByRole('complementary', { name: 'Jobs' });
  const clear = drawer.getByRole('button', { name: 'Clear finished' });
  await expect(clear).toBeEnabled();
  await clear.click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText('their outcomes are lost');
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(clear).toBeEnabled();
  await clear.click();
  await dialog.getByRole('button', { name: 'Clear the list' }).click();
  await expect(clear).toBeDisabled();
});

test('errors say what happened and what to do, and go away', async ({ page, mock }) => {
  mock.catalog.failNext.set(
    'runs.list',
    new StudioError('corrupt', 'The catalog is damaged', { hint: 'Restore the backup.' }),
  );
  await open(page, mock, '#/runs');
  await expect(page.getByRole('alert')).toContainText('The catalog is damaged');
  await expect(page.getByRole('alert')).toContainText('Restore the backup.');
  mock.catalog.failNext.clear();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('region', { name: 'All runs' })).toBeVisible();
  await open(page, mock, '#/run/99');
  await expect(page.getByRole('alert')).toContainText('There is no run 99');
  await open(page, mock, '#/run/3');
  await expect(page.getByRole('alert')).toContainText('The disk is full');
  await open(page, mock, '#/image/17');
  await expect(page.getByRole('alert')).toContainText('premature end');
  await open(page, mock, '#/nowhere');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
});

test('the inspector shows true pixels, zooms and pans', async ({ page, mock }) => {
  await open(page, mock, '#/image/812?run=1');
  const picture = page.locator('.viewport img');
  const width = async (): Promise<number | undefined> => (await picture.boundingBox())?.width;
  await expect.poll(width).toBe(512);
  await page.keyboard.press('+');
  await expect.poll(width).toBe(1024);
  await page.keyboard.press('+');
  await page.locator('.viewport').focus();
  const before = await picture.boundingBox();
  await page.keyboard.press('ArrowRight');
  await expect.poll(async () => (await picture.boundingBox())?.x).toBe((before?.x ?? 0) - 40);
  await page.keyboard.press('1');
  await expect.poll(width).toBe(512);
  await page.locator('[data-feature="0"]').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('region', { name: 'NSS features' })).toContainText('mean.intensity.std');
});

test('the inspector shows the nearest neighbours of an image, stream by stream', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/image/812');
  const panel = page.getByRole('region', { name: 'Nearest neighbours' });
  const found = panel.getByRole('listitem');
  await expect(found).toHaveCount(12);
  await expect(found.first()).toContainText('0.980');
  await expect(found.first()).toContainText(/MOS \d/);
  await expect(panel).toContainText('cosine of z-scored features');
  await panel.getByLabel('Stream').selectOption('mobilenet-v2');
  await expect(panel).toContainText('cosine of raw embeddings');
  await panel.getByLabel('Where').selectOption('all');
  await expect(found.nth(1)).toContainText('live-itw');
  await checkWithAxe(page, 'neighbours', findings);
  // The next image lacks this stream, which is no error.
  const link = found.first().getByRole('link');
  await link.focus();
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/image\/812/);
  await expect(panel).toContainText('mobilenet-v2 is not extracted yet for this image');
  await panel.getByLabel('Stream').selectOption('nss');
  await expect(found).toHaveCount(12);
  expect(findings).toEqual(NOTHING);
  mock.catalog.failNext.set(
    'images.similar',
    new StudioError('not-available', 'The memory is too small', { hint: 'Search within one dataset.' }),
  );
  await panel.getByLabel('Where').selectOption('dataset');
  await expect(panel.getByRole('alert')).toContainText('Search within one dataset.');
  mock.catalog.failNext.clear();
  await panel.getByRole('button', { name: 'Try again' }).click();
  await expect(found).toHaveCount(12);
});

test('a run shows its near-duplicates side by side when asked', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/run/1');
  const list = page.getByRole('region', { name: 'Near-duplicates' });
  await expect(list.getByRole('listitem')).toHaveCount(0);
  await list.getByRole('button', { name: 'Show the near-duplicates' }).click();
  await expect(list.getByRole('listitem')).toHaveCount(8);
  await expect(list.getByRole('listitem').first()).toContainText('0 of 64 bits differ');
  await checkWithAxe(page, 'near-duplicates', findings);
  await list.getByRole('listitem').first().getByRole('link').first().click();
  await expect(page).toHaveURL(/#\/image\/1\?run=1/);
  expect(findings).toEqual(NOTHING);
});

test('keys: shortcuts list, pages, jobs; the theme is kept', async ({ page, mock }) => {
  await open(page, mock, '#/datasets');
  await expect(page.getByRole('table')).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('Keyboard');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/#\/runs$/);
  // Loaded on the Inspector, whose own j must not get the key.
  await open(page, mock, '#/image/812');
  await expect(page.getByRole('button', { name: 'Next' })).toBeEnabled();
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await expect(page).toHaveURL(/image\/812$/);
  await expect(page.getByRole('complementary', { name: 'Jobs' })).toBeVisible();
  await page.getByRole('button', { name: 'Settings' }).click();
  await expect(page.getByRole('dialog')).toContainText('Mock CPU');
  await page.getByRole('radio', { name: 'Dark' }).check();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('nothing moves after the first paint of a page', async ({ page, mock }) => {
  for (const hash of [
    '#/datasets',
    '#/datasets/1',
    '#/streams',
    '#/encoders',
    '#/runs',
    '#/run/1',
    '#/image/812',
  ]) {
    await open(page, mock, hash);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.waitForTimeout(800);
    const shift = await page.evaluate<number>(
      `new Promise((resolve) => new PerformanceObserver((list) =>
         resolve(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))).observe({ type: 'layout-shift', buffered: true })
         || setTimeout(() => resolve(0), 300))`,
    );
    expect(shift, `layout shift on ${hash}`).toBeLessThan(0.02);
  }
});
