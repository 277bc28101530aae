// The Settings dialog against the mock engine: size limits, what is in use, what overrides them.
import { expect, type Locator, type Page } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import type { MockEngine } from '../fixtures/mock-engine.ts';
import { test } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

async function openSettings(page: Page, mock: MockEngine): Promise<Locator> {
  await page.goto(`${mock.url}/#/datasets`);
  await page.getByRole('button', { name: 'Settings' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Thumbnails on the disk, at most')).toBeVisible();
  return dialog;
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`limits are set, taken back and shown with what is in use, ${colorScheme}`, async ({ page, mock }) => {
    await page.emulateMedia({ colorScheme });
    const findings = watchPage(page);
    const dialog = await openSettings(page, mock);
    const thumbnails = dialog.getByLabel('Thumbnails on the disk, at most');
    await expect(thumbnails).toHaveValue('1000');
    await expect(dialog).toContainText('12.3 MB in use');
    await expect(dialog).toContainText('185 MB in use');
    await checkWithAxe(page, 'settings', findings);
    await thumbnails.fill('5');
    await thumbnails.press('Enter');
    await expect(dialog).toContainText('5.0 MB in use');
    expect(mock.catalog.settings.limits.thumbnails.set).toBe(5);
    await dialog.getByRole('button', { name: /Use the default, 1.000 MB/ }).click();
    await expect(thumbnails).toHaveValue('1000');
    expect(mock.catalog.settings.limits.thumbnails.set).toBeNull();
    await thumbnails.fill('0');
    await thumbnails.press('Enter');
    await expect(dialog.locator('input:invalid')).toHaveCount(1);
    expect(mock.catalog.settings.limits.thumbnails.set).toBeNull();
    expect(findings).toEqual({ consoleErrors: [], axe: [], foreignRequests: [] });
  });
}

test('the thumbnail cache is emptied, and says what that does and did', async ({ page, mock }) => {
  const dialog = await openSettings(page, mock);
  const button = dialog.getByRole('button', { name: 'Empty the thumbnail cache' });
  await expect(button).toHaveAccessibleDescription(/made again from the images/);
  await button.click();
  await expect(page.getByText(/Deleted 1.200 thumbnails, 12\.3 MB/)).toBeVisible();
  await expect(dialog).toContainText('0 B in use');
});

test('a limit from the environment is said, and can not be set here', async ({ page, mock }) => {
  mock.catalog.settings.override('neighbours', 64);
  const findings = watchPage(page);
  const dialog = await openSettings(page, mock);
  const neighbours = dialog.getByLabel('Memory for similar images, at most');
  await expect(neighbours).toBeDisabled();
  await expect(neighbours).toHaveValue('64');
  await expect(neighbours).toHaveAccessibleDescription(/BIQA_NEIGHBOUR_MB sets 64 MB and overrides/);
  await expect(dialog.getByLabel('Thumbnails on the disk, at most')).toBeEnabled();
  await checkWithAxe(page, 'settings, overridden', findings);
  expect(findings).toEqual({ consoleErrors: [], axe: [], foreignRequests: [] });
});

test('what can not be stored is said, and the limit stays', async ({ page, mock }) => {
  const dialog = await openSettings(page, mock);
  mock.catalog.failNext.set(
    'settings.setLimit',
    new StudioError('no-space', 'The disk is full', { hint: 'Make room.' }),
  );
  const thumbnails = dialog.getByLabel('Thumbnails on the disk, at most');
  await thumbnails.fill('5');
  await thumbnails.press('Enter');
  await expect(page.getByText('The disk is full Make room.')).toBeVisible();
  expect(mock.catalog.settings.limits.thumbnails.megabytes).toBe(1000);
});
