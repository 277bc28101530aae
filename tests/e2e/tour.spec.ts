// Every page and every export on the real engine, on the demo and on a rated folder: two themes at two sizes.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { serveStudio, type ServedStudio } from '../fixtures/served-studio.ts';
import { EXPORTED_TABLES, tableKind } from './exported-tables.ts';
import { takeEveryExport, type PageExports } from './exports.ts';
import { checkPage, PageWatch, type PageFindings } from './page-checks.ts';
import { furnish, stopsOf, type Stop, type TourCatalog } from './tour.ts';
import { checkWithAxe, watchPage } from './walk.ts';

const SHOTS = process.env['BIQA_SHOTS'];
const AGIQA = path.resolve(import.meta.dirname, '../../../shared/data/agiqa-3k-sample');
const LOOKS = [
  { theme: 'light', width: 1280, height: 800 },
  { theme: 'dark', width: 1280, height: 800 },
  { theme: 'light', width: 1920, height: 1080 },
  { theme: 'dark', width: 1920, height: 1080 },
] as const;
type Look = (typeof LOOKS)[number];
const ABOUT_DISTORTIONS = /ladder|level|distortion|delta|gate-inputs|category|monotonicity/;
const NOTHING = { consoleErrors: [], axe: [], foreignRequests: [], shifts: [], overflows: [] };

for (const { title, folder } of [
  { title: 'the demo', folder: null },
  { title: 'agiqa-3k-sample', folder: AGIQA },
]) {
  test.describe(title, () => {
    // Too long for every run: studio.spec.ts walks through the demo in two looks.
    test.skip(process.env['BIQA_LARGE'] !== '1', 'only with BIQA_LARGE=1');
    test.skip(folder !== null && !existsSync(folder), `${folder} is not there`);
    test.describe.configure({ mode: 'serial', timeout: 600_000 });
    let scratch: string;
    let studio: ServedStudio;
    let catalog: TourCatalog;

    test.beforeAll(async () => {
      test.setTimeout(600_000);
      scratch = mkdtempSync(path.join(tmpdir(), 'biqa-tour-'));
      studio = await serveStudio({ root: scratch });
      catalog = await furnish(studio.home, scratch, folder);
    });
    test.afterAll(async () => {
      await studio.close();
      rmSync(scratch, { recursive: true, force: true });
    });

    for (const look of LOOKS) {
      test(`every page, ${look.theme}, ${look.width} x ${look.height}`, async ({ page }) => {
        const findings: PageFindings = { ...watchPage(page), shifts: [], overflows: [] };
        const watch = await PageWatch.observe(page);
        await setLook(page, look);
        for (const stop of stopsOf(catalog)) {
          await visit(page, studio.url, stop, watch);
          await checkPage(page, `${stop.name} (${look.theme}, ${look.width})`, findings);
          await shoot(page, `${title.replaceAll(' ', '-')}/${stop.name}-${look.theme}-${look.width}`);
        }
        await openDialogs(page, `${title.replaceAll(' ', '-')}/`, look, findings);
        expect(findings).toEqual(NOTHING);
      });
    }

    test('every export of every page', async ({ page }) => {
      const findings = watchPage(page);
      const watch = await PageWatch.observe(page);
      const taken: Record<string, PageExports> = {};
      for (const stop of stopsOf(catalog)) {
        await visit(page, studio.url, stop, watch);
        const { tables, files } = await takeEveryExport(page);
        if (files.length + Object.keys(tables).length > 0) taken[stop.name] = { tables, files };
      }
      const tables = Object.values(taken).flatMap((of) => Object.entries(of.tables));
      for (const [file, columns] of tables) {
        const expected = EXPORTED_TABLES[tableKind(file)];
        // A gated run's rows have a column more per stream.
        const common = columns.filter((column) => !column.startsWith('gate_'));
        expect(common.join(), file).toBe(expected?.replace('DATASET', catalog.name));
      }
      const kinds = new Set(tables.map(([file]) => tableKind(file)));
      const missing = Object.keys(EXPORTED_TABLES).filter((kind) => !kinds.has(kind));
      // Charts over distortions and levels need some.
      expect(
        catalog.ladder === null ? missing.filter((kind) => !ABOUT_DISTORTIONS.test(kind)) : missing,
      ).toEqual([]);
      expect(findings).toEqual({ consoleErrors: [], axe: [], foreignRequests: [] });
    });
  });
}

async function setLook(page: Page, { theme, width, height }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.setViewportSize({ width, height });
}

/** Loads a page by its address, as from a bookmark. */
async function visit(page: Page, url: string, stop: Stop, watch: PageWatch): Promise<void> {
  await test.step(stop.name, async () => {
    await page.goto('about:blank');
    await page.goto(new URL(stop.hash, url).href);
    await stop.ready(page);
    await watch.settled(page);
  });
}

/** Drawer and dialogs, over the list of runs. */
async function openDialogs(page: Page, shots: string, look: Look, findings: PageFindings): Promise<void> {
  await page.goto(new URL('#/runs', page.url()).href);
  const check = async (name: string): Promise<void> => {
    await checkWithAxe(page, `${name} (${look.theme}, ${look.width})`, findings);
    await shoot(page, `${shots}${name}-${look.theme}-${look.width}`);
  };
  await page.getByRole('button', { name: /^Jobs/ }).click();
  await expect(page.getByRole('complementary', { name: 'Jobs' }).getByRole('listitem').first()).toBeVisible();
  await check('jobs');
  await page.getByRole('button', { name: 'Close jobs' }).click();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
  await check('shortcuts');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Settings' }).click();
  await expect(page.getByRole('dialog', { name: 'Settings' })).toContainText('Execution providers');
  await check('settings');
  await page.keyboard.press('Escape');
}

/** The page as it first shows, and all of it where it scrolls. */
async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  const [height, visible] = await page
    .locator('main')
    .evaluate((main) => [main.scrollHeight, main.clientHeight] as const);
  if (height <= visible + 20) return;
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: size.width, height: Math.min(6000, height + 60) });
  await page.screenshot({ path: path.join(SHOTS, `${name}-whole.png`) });
  await page.setViewportSize(size);
}
