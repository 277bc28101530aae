// The Run page's exports against the mock engine, and a rendered report as a reader opens it.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import { renderRunReport } from '../../src-main/reports/run-report.ts';
import { startMockEngine } from '../fixtures/mock-engine.ts';
import { detailOf, makeRun } from '../fixtures/mock-runs.ts';
import { checkWithAxe, watchPage } from './walk.ts';

const RENDERER = process.env['BIQA_RENDERER'] ?? path.resolve(import.meta.dirname, '../../out/renderer');

test('every export of a run is saved from the menu; a refusal is told in words', async ({ page }) => {
  const mock = await startMockEngine({ renderer: RENDERER });
  const findings = watchPage(page);
  await page.goto(`${mock.url}/#/run/1`);
  const menu = page.getByRole('button', { name: 'Export', exact: true });
  await menu.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem')).toHaveCount(5);
  await checkWithAxe(page, 'export menu', findings);
  await page.keyboard.press('Escape');
  for (const [item, file] of [
    ['Report (HTML)', 'run-1.html'],
    ['Results (CSV)', 'run-1.csv'],
    ['Figures (JSON)', 'run-1.json'],
    ['Model (ONNX)', 'run-1.onnx'],
    ['Card of the model (JSON)', 'run-1.card.json'],
  ] as const) {
    const download = page.waitForEvent('download');
    await menu.click();
    await page.getByRole('menuitem', { name: item }).click();
    expect((await download).suggestedFilename()).toBe(file);
    expect((await readFile(await (await download).path())).length).toBeGreaterThan(5);
  }
  expect(findings).toEqual({ consoleErrors: [], axe: [], foreignRequests: [] });
  mock.catalog.failNext.set(
    'export.onnx',
    new StudioError('not-available', 'No model today', { hint: 'Come back' }),
  );
  await menu.click();
  await page.getByRole('menuitem', { name: 'Model (ONNX)' }).click();
  await expect(page.getByText('No model today. Come back').first()).toBeVisible();
  await mock.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a report is accessible and asks for nothing, ${colorScheme}`, async ({ page }, info) => {
    await page.emulateMedia({ colorScheme });
    const findings = watchPage(page);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).protocol));
    const file = info.outputPath('report.html');
    const run = detailOf(makeRun(1, 'image', 'done'));
    const images = Array.from({ length: 200 }, (_, i) => ({
      mos: 1 + (i % 40) / 10,
      prediction: 1 + ((i * 7) % 40) / 10,
      distortion: '01',
      gates: { nss: i / 200 },
    }));
    const worst = Array.from({ length: 3 }, (_, i) => ({
      image: i,
      name: `${'long name '.repeat(9)}${i}.png`,
      mos: 1,
      prediction: 4,
      residual: 3,
      distortion: '01',
      level: 2,
      fold: 0,
      thumbnail:
        i === 0
          ? null
          : `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='128' height='96'/>`,
    }));
    const date = new Date('2026-01-02T03:04:05Z');
    const versions = { 'BIQA Studio': '0.1.0' };
    await writeFile(file, renderRunReport({ run, images, worst, targetLabel: 'mos', versions, date }));
    await page.goto(pathToFileURL(file).href);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(run.label);
    await expect(
      page.getByRole('img', { name: /^Predicted against rated quality. 200 images/ }),
    ).toBeVisible();
    const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    for (const width of [1280, 400]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(wide)).toBe(false);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 26)');
    await checkWithAxe(page, `report ${colorScheme}`, findings);
    expect(findings.axe).toEqual([]);
    expect(findings.consoleErrors).toEqual([]);
    // The pictures are in the page itself: nothing but the file was asked for, and they are shown.
    expect(requests.filter((protocol) => protocol !== 'data:')).toEqual(['file:']);
    expect(await page.evaluate('[...document.images].map((image) => image.naturalWidth)')).toEqual([
      128, 128,
    ]);
    const shots = process.env['BIQA_SHOTS'];
    if (shots !== undefined)
      await page.screenshot({ path: path.join(shots, `report-${colorScheme}.png`), fullPage: true });
  });
}
