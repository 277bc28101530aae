/** The way of a new user through every page, for the mock engine and for the real one. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export type WalkOptions = {
  theme: 'light' | 'dark';
  /** How long the demo may take, in ms. */
  demoTimeout?: number;
  /** Folder for a screenshot of each page; none are taken without it. */
  shots?: string;
};
/** What must be empty in the end. */
export type WalkFindings = { consoleErrors: string[]; axe: string[]; foreignRequests: string[] };

/** Collects console errors, page errors and requests to anywhere but the page's own origin. */
export function watchPage(page: Page): WalkFindings {
  const findings: WalkFindings = { consoleErrors: [], axe: [], foreignRequests: [] };
  page.on('console', (message) => {
    if (message.type() === 'error')
      findings.consoleErrors.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => findings.consoleErrors.push(error.message));
  page.on('request', (request) => {
    const url = new URL(request.url());
    const own = page.url() === 'about:blank' || url.origin === new URL(page.url()).origin;
    if (!own && !['data:', 'blob:'].includes(url.protocol)) findings.foreignRequests.push(request.url());
  });
  return findings;
}

/** Adds the serious and critical findings of axe on the page as it is now. */
export async function checkWithAxe(page: Page, where: string, findings: WalkFindings): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const violation of violations) {
    if (violation.impact !== 'serious' && violation.impact !== 'critical') continue;
    findings.axe.push(`${where}: ${violation.id}: ${violation.nodes[0]?.html ?? ''}`);
  }
}

/**
 * Walks demo -> run -> compare -> datasets -> inspector -> streams -> encoders -> experiments -> jobs.
 * The page must show the window of an engine with an empty catalog.
 */
export async function walkWindow(page: Page, options: WalkOptions): Promise<WalkFindings> {
  const findings = watchPage(page);
  await page.emulateMedia({ colorScheme: options.theme });
  await page.reload();
  const done = async (name: string): Promise<void> => {
    await checkWithAxe(page, `${name} (${options.theme})`, findings);
    if (options.shots !== undefined)
      await page.screenshot({ path: `${options.shots}/${name}-${options.theme}.png` });
  };
  await walkDemo(page, options.demoTimeout ?? 60_000, done);
  await walkRun(page, done);
  await walkCompare(page, done);
  await walkDatasets(page, done);
  await walkStreams(page, done);
  await walkEncoders(page, done);
  await walkExperiments(page, done);
  await walkJobs(page, done);
  return findings;
}

type Done = (name: string) => Promise<void>;

async function walkDemo(page: Page, timeout: number, done: Done): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toContainText('without a reference');
  await done('welcome');
  await page.getByRole('button', { name: 'Try the demo' }).click();
  await expect(page).toHaveURL(/#\/demo\?job=\d+$/);
  await expect(page.getByRole('progressbar', { name: 'Demo' })).toBeVisible();
  await done('demo');
  await expect(page).toHaveURL(/#\/run\/\d+$/, { timeout });
}

async function walkRun(page: Page, done: Done): Promise<void> {
  const headline = page.getByLabel('Headline numbers');
  await expect(headline).toContainText('SROCC');
  await expect(headline).toContainText(/0\.\d{3}/);
  const bars = page.getByRole('region', { name: 'SROCC per distortion' });
  await expect(bars.locator('canvas')).toHaveAttribute('aria-label', /lowest first: .+/);
  await expect(bars).toContainText(/n = /);
  await expect(page.getByText('synthetic').first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Folds' }).getByRole('row')).toHaveCount(9);
  await expect(page.getByRole('region', { name: 'Worst images' }).getByRole('link')).toHaveCount(16);
  await done('run');
  await page.getByRole('region', { name: 'Worst images' }).scrollIntoViewIfNeeded();
  await done('run-below');
}

async function walkCompare(page: Page, done: Done): Promise<void> {
  await page.getByRole('link', { name: 'Compare', exact: true }).last().click();
  await expect(page).toHaveURL(/#\/compare\?runs=\d+$/);
  await expect(page.getByText('Choose at least two finished runs')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Published figures' })).toContainText('BRISQUE');
  await expect(page.getByRole('region', { name: 'Models against datasets' })).toContainText(/0\.\d{3}/);
  await done('compare');
}

async function walkDatasets(page: Page, done: Done): Promise<void> {
  await page.getByRole('link', { name: 'Datasets', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Datasets' })).toBeVisible();
  await done('datasets');
  await page.getByRole('table').getByRole('link').first().click();
  await expect(page).toHaveURL(/#\/datasets\/\d+/);
  const cells = page.getByRole('gridcell').getByRole('link');
  await expect(cells.nth(4)).toBeVisible();
  await done('dataset');
  await cells.first().focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-index="1"]')).toBeFocused();
  await page.keyboard.press('Enter');
  await walkInspector(page, done);
  await expect(page).toHaveURL(/#\/datasets\/\d+/);
  await expect(cells.nth(1)).toBeVisible();
}

async function walkInspector(page: Page, done: Done): Promise<void> {
  await expect(page).toHaveURL(/#\/image\/\d+/);
  await expect(page.getByRole('region', { name: 'NSS features' }).locator('[data-feature]')).toHaveCount(138);
  await expect(page.getByRole('button', { name: '1:1' })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('.viewport img')).toBeVisible();
  await done('inspector');
  await page.keyboard.press('c');
  await expect(page.getByRole('img', { name: /^Five crops/ })).toBeVisible();
  await done('inspector-crops');
  const first = await page.getByRole('heading', { level: 1 }).textContent();
  await expect(page.getByRole('button', { name: 'Next' })).toBeEnabled();
  await page.keyboard.press('j');
  await expect(page.getByRole('heading', { level: 1 })).not.toHaveText(first ?? '');
  await page.keyboard.press('Escape');
}

async function walkStreams(page: Page, done: Done): Promise<void> {
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/#\/streams$/);
  await expect(page.getByRole('progressbar').first()).toBeVisible();
  await done('streams');
}

async function walkEncoders(page: Page, done: Done): Promise<void> {
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  await expect(page).toHaveURL(/#\/encoders$/);
  await expect(page.getByRole('region', { name: 'All encoders' })).toContainText('siglip-so400m-384');
  await page.getByRole('button', { name: 'Details of SigLIP SO400M/14' }).click();
  await expect(page).toHaveURL(/encoder=siglip-so400m-384$/);
  await expect(page.getByText('Stream version')).toBeVisible();
  await done('encoders');
}

async function walkExperiments(page: Page, done: Done): Promise<void> {
  await page.getByRole('link', { name: 'Experiments', exact: true }).click();
  const run = page.getByRole('button', { name: 'Run the experiment' });
  await expect(run).toBeEnabled();
  const json = page.getByRole('textbox', { name: 'The same as JSON' });
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('a walk');
  await expect(json).toHaveValue(/"name": "a walk"/);
  await json.fill((await json.inputValue()).replace('"a walk"', '"a longer walk"'));
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('a longer walk');
  await expect(run).toBeEnabled();
  await done('experiments');
}

async function walkJobs(page: Page, done: Done): Promise<void> {
  await page.getByRole('button', { name: /^Jobs/ }).click();
  const drawer = page.getByRole('complementary', { name: 'Jobs' });
  await expect(drawer.getByRole('listitem').first()).toBeVisible();
  await done('jobs');
  await page.reload();
  await expect(drawer.getByRole('listitem').first()).toBeVisible();
  await drawer.getByRole('button', { name: 'Close jobs' }).click();
  await expect(drawer).toBeHidden();
}
