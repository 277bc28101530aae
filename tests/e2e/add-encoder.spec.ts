// Adding an encoder in the window: with a made-up folder on the mock engine, and with a generated model on the real one.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import { smallEncoder, writeSmallEncoder } from '../fixtures/onnx-encoder.ts';
import { serveStudio } from '../fixtures/served-studio.ts';
import { NOTHING, shoot, test } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

function rowsOf(page: Page, title: string): Locator {
  return page
    .getByRole('region', { name: 'All encoders' })
    .getByRole('rowgroup')
    .filter({ hasText: title })
    .first();
}

/** From the Encoders page to the dialog, by the engine's own folder browser. */
async function choose(page: Page, folder: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Add an encoder' }).click();
  return browse(page, folder);
}

async function browse(page: Page, folder: string): Promise<Locator> {
  // While one dialog fades into the next there are two.
  const dialog = page.locator('[role="dialog"][data-state="open"]');
  await expect(dialog).toContainText('The folder that holds a manifest (.json), a model (.onnx), or both.');
  // It begins where it was left, and knows its place only when the first listing is there.
  const up = dialog.getByRole('button', { name: 'Up' });
  await expect(dialog.getByRole('button', { name: 'Use this folder' })).toBeEnabled();
  if (await up.isEnabled()) await up.click();
  await dialog.getByRole('button', { name: folder }).click();
  await dialog.getByRole('button', { name: 'Use this folder' }).click();
  await expect(dialog).toContainText('Add an encoder');
  return dialog;
}

for (const theme of ['light', 'dark'] as const) {
  test(`a manifest with its model is added, ${theme}`, async ({ page, mock }) => {
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(`${mock.url}/#/encoders`);
    const dialog = await choose(page, 'models');
    // What fits is chosen by itself.
    await expect(dialog.getByRole('radio', { name: /^thesis-vit\.json/ })).toBeChecked();
    await expect(dialog.getByRole('radio', { name: /^thesis-vit\.onnx.*fits/ })).toBeChecked();
    await expect(dialog.getByRole('radio', { name: /^broken\.onnx/ })).toBeDisabled();
    await expect(dialog).toContainText('it ends too early');
    const header = dialog.getByRole('table', { name: 'Header of thesis-vit.onnx' });
    await expect(header).toContainText(/pixel_values.*float16.*\[batch_size, 3, 384, 384\]/s);
    await expect(header).toContainText(/thesis-vit\.onnx_data.*172 MB.*there/s);
    await dialog.getByText('One .json file is no usable manifest').click();
    await expect(dialog).toContainText(/config\.json: "id": .*; "title": .*; and 6 more/);
    await checkWithAxe(page, `add an encoder (${theme})`, findings);
    await shoot(page, `add-encoder-${theme}`);
    await dialog.getByRole('radio', { name: /^Plain Net\.onnx.*does not fit/ }).check();
    await expect(dialog).toContainText('input: manifest "pixel_values", model "image"');
    await expect(dialog.getByRole('button', { name: 'Add the encoder' })).toBeDisabled();
    await checkWithAxe(page, `add an encoder that does not fit (${theme})`, findings);
    await shoot(page, `add-encoder-misfit-${theme}`);
    await dialog.getByRole('radio', { name: /^thesis-vit\.onnx/ }).check();
    await dialog.getByRole('button', { name: 'Add the encoder' }).click();
    await expect(dialog).toBeHidden();
    const added = rowsOf(page, 'Thesis ViT');
    await expect(added).toContainText('your own');
    await expect(added.getByText('ready', { exact: true })).toBeVisible();
    await added.getByRole('button', { name: 'Probe devices' }).click();
    await expect(added).toContainText('It runs on WebGPU');
    expect(findings).toEqual(NOTHING);
  });

  test(`a manifest is written for a model that has none, ${theme}`, async ({ page, mock }) => {
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(`${mock.url}/#/encoders`);
    const dialog = await choose(page, 'models');
    await dialog.getByRole('radio', { name: 'Write a new one' }).check();
    await dialog.getByRole('radio', { name: /^Plain Net\.onnx/ }).check();
    await expect(dialog.getByLabel('Id of the stream')).toHaveValue('plain-net');
    await expect(dialog.getByRole('combobox', { name: 'Output', exact: true })).toHaveValue('pooled');
    await expect(dialog.getByLabel('Dimension')).toHaveValue('384');
    await expect(dialog.getByLabel('Token (0: CLS)')).toHaveCount(0);
    await dialog.getByRole('combobox', { name: 'Output', exact: true }).selectOption('tokens');
    await expect(dialog.getByLabel('Token (0: CLS)')).toHaveValue('0');
    await dialog.getByRole('combobox', { name: 'Output', exact: true }).selectOption('pooled');
    await dialog.getByLabel('A crop becomes the input').selectOption('shortest-side-crop');
    await dialog.getByLabel('Short side before the cut, pixels').fill('256');
    await dialog.getByLabel('Mean and standard deviation').selectOption({ label: 'CLIP' });
    await dialog.getByLabel('Mean and standard deviation').selectOption({ label: 'own numbers' });
    await expect(dialog.getByLabel('Mean, red')).toHaveValue('0.48145466');
    await checkWithAxe(page, `write a manifest (${theme})`, findings);
    await shoot(page, `add-encoder-form-${theme}`);
    // What is empty is asked for by the form itself.
    await dialog.getByRole('button', { name: 'Add the encoder' }).click();
    await expect(dialog.getByLabel('Licence of the weights')).toBeFocused();
    await dialog.getByLabel('Licence of the weights').fill('MIT');
    await dialog.getByLabel('Where the preprocessing').fill('my thesis');
    // An error of the engine is shown with its hint and changes nothing.
    const refused = new StudioError('conflict', 'There already is another encoder "plain-net"', {
      hint: 'Give yours another id, or remove that one first.',
    });
    mock.catalog.failNext.set('encoders.addFromFolder', refused);
    await dialog.getByRole('button', { name: 'Add the encoder' }).click();
    await expect(dialog.getByRole('alert')).toContainText('Give yours another id');
    mock.catalog.failNext.clear();
    await checkWithAxe(page, `a manifest that is refused (${theme})`, findings);
    // Cancel keeps what was written.
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(rowsOf(page, 'Plain Net')).toHaveCount(0);
    await page.getByRole('button', { name: 'Add an encoder' }).click();
    await expect(dialog.getByLabel('Licence of the weights')).toHaveValue('MIT');
    await dialog.getByRole('radio', { name: /^thesis-vit\.onnx/ }).check();
    await expect(dialog.getByLabel('Licence of the weights')).toHaveValue('');
    await dialog.getByRole('radio', { name: /^Plain Net\.onnx/ }).check();
    await expect(dialog.getByLabel('Short side before the cut, pixels')).toHaveValue('256');
    await dialog.getByRole('button', { name: 'Add the encoder' }).click();
    await expect(rowsOf(page, 'Plain Net').getByText('ready', { exact: true })).toBeVisible();
    // The answer of 409 is the browser's to log.
    expect({ ...findings, consoleErrors: [] }).toEqual(NOTHING);
  });
}

test('a model of the hub needs no file; an empty folder says what to do', async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/encoders`);
  const dialog = await choose(page, 'own-ratings');
  await expect(dialog).toContainText(
    'There is no manifest (.json) and no model (.onnx) in this folder itself.',
  );
  await expect(dialog.getByRole('button', { name: 'Add the encoder' })).toBeDisabled();
  await shoot(page, 'add-encoder-empty');
  await dialog.getByRole('button', { name: 'Another folder' }).click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Add an encoder' }).click();
  await dialog.getByRole('button', { name: 'Another folder' }).click();
  await browse(page, 'models');
  await dialog.getByRole('radio', { name: /^hub-net\.json/ }).check();
  await expect(dialog.getByRole('radio', { name: /Download it later/ })).toBeChecked();
  await dialog.getByRole('button', { name: 'Add the encoder' }).click();
  await expect(rowsOf(page, 'Hub net').getByRole('button', { name: 'Download Hub net' })).toBeVisible();
});

test('on the real engine: a model without a manifest becomes a ready encoder that can be probed', async ({
  page,
}) => {
  const root = mkdtempSync(path.join(tmpdir(), 'biqa-add-encoder-'));
  mkdirSync(path.join(root, 'models'));
  mkdirSync(path.join(root, 'pairs'));
  writeFileSync(path.join(root, 'models/Thesis Net.onnx'), smallEncoder({ dimension: 24 }).model);
  writeSmallEncoder(path.join(root, 'pairs'), { id: 'paired', external: 'weights.bin' });
  const served = await serveStudio({ root });
  try {
    const findings = watchPage(page);
    await page.goto(served.url);
    await page.getByRole('link', { name: 'Encoders' }).first().click();
    const dialog = await choose(page, 'pairs');
    await expect(dialog.getByRole('table', { name: 'Header of paired.onnx' })).toContainText('weights.bin');
    await dialog.getByRole('button', { name: 'Another folder' }).click();
    await browse(page, 'models');
    await expect(dialog.getByRole('table', { name: 'Header of Thesis Net.onnx' })).toContainText('[n, 24]');
    await dialog.getByLabel('Licence of the weights').fill('own');
    await dialog.getByLabel('Where the preprocessing').fill('my thesis');
    await dialog.getByLabel('Dimension').fill('25');
    await dialog.getByRole('button', { name: 'Add the encoder' }).click();
    await expect(dialog.getByRole('alert')).toContainText(
      'output shape: manifest [batch, 25], model [n, 24]',
    );
    await shoot(page, 'add-encoder-real-refused');
    await dialog.getByLabel('Dimension').fill('24');
    await dialog.getByRole('button', { name: 'Add the encoder' }).click();
    const added = rowsOf(page, 'Thesis Net');
    await expect(added.getByText('ready', { exact: true })).toBeVisible();
    expect(
      JSON.parse(readFileSync(path.join(served.home, 'encoders/thesis-net.json'), 'utf8')),
    ).toMatchObject({
      id: 'thesis-net',
      output: { name: 'embedding', dimension: 24 },
      licence: 'own',
    });
    await added.getByRole('button', { name: 'Probe devices' }).click();
    await expect(added).toContainText('It runs on the CPU', { timeout: 60_000 });
    await expect(added).toContainText('+cpu-float32+');
    await choose(page, 'pairs');
    await expect(dialog.getByRole('radio', { name: /^paired\.onnx.*fits/ })).toBeChecked();
    await dialog.getByRole('button', { name: 'Add the encoder' }).click();
    await expect(rowsOf(page, 'Encoder paired').getByText('ready', { exact: true })).toBeVisible();
    await checkWithAxe(page, 'encoders that were added', findings);
    await shoot(page, 'add-encoder-real');
    expect({ ...findings, consoleErrors: [] }).toEqual(NOTHING);
  } finally {
    await served.close();
    rmSync(root, { recursive: true, force: true });
  }
});
