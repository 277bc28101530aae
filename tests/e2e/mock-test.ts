/** What every browser test on the mock engine begins with: the built window, an engine of its own, a way to a page. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test as base, type Page } from '@playwright/test';
import { startMockEngine, type MockEngine, type MockOptions } from '../fixtures/mock-engine.ts';

/** The folder of the built window; BIQA_RENDERER names another. */
export const RENDERER =
  process.env['BIQA_RENDERER'] ?? path.resolve(import.meta.dirname, '../../out/renderer');
/** The folder for screenshots; none are taken where it is undefined. */
export const SHOTS = process.env['BIQA_SHOTS'];
/** What `watchPage` finds on a page where nothing is wrong. */
export const NOTHING = { consoleErrors: [], axe: [], foreignRequests: [] };

/** A test with an engine that knows a few datasets and runs (`mock`), or one of a new user (`empty`). */
export const test = base.extend<{
  mockOptions: Pick<MockOptions, 'images'>;
  mock: MockEngine;
  empty: MockEngine;
}>({
  mockOptions: [{}, { option: true }],
  mock: async ({ mockOptions }, use) => {
    await serveTo(use, mockOptions);
  },
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures' names from this pattern
  empty: async ({}, use) => {
    await serveTo(use, { empty: true });
  },
});

async function serveTo(use: (mock: MockEngine) => Promise<void>, options: MockOptions): Promise<void> {
  expect(existsSync(path.join(RENDERER, 'index.html')), `${RENDERER} is not built: npm run build`).toBe(true);
  const mock = await startMockEngine({ ...options, renderer: RENDERER });
  await use(mock);
  await mock.close();
}

/** Opens a page by its hash, as in a new window. */
export async function open(page: Page, mock: MockEngine, hash: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${mock.url}/${hash}`);
}

/** Takes a screenshot where they are wanted. */
export async function shoot(page: Page, name: string, fullPage = false): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage });
}
