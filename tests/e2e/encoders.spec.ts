// The Encoders page, vision streams and the crop overlay, against the mock engine.
import { expect, type Page } from '@playwright/test';
import { StudioError } from '../../src-shared/errors.ts';
import { NOTHING, open, shoot, test } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

/** The rows of one encoder: its facts, its job and its details. */
function rowsOf(page: Page, title: string): ReturnType<Page['locator']> {
  return page.getByRole('region', { name: 'All encoders' }).getByRole('rowgroup').filter({ hasText: title });
}

for (const theme of ['light', 'dark'] as const) {
  test(`encoders in every state, with details and a broken manifest, ${theme}`, async ({ page, mock }) => {
    await page.setViewportSize(
      theme === 'light' ? { width: 1280, height: 1000 } : { width: 1920, height: 1080 },
    );
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await open(page, mock, '#/encoders?encoder=siglip2-base-224');
    const ready = rowsOf(page, 'SigLIP 2 base');
    await expect(ready).toContainText(/768.*224 × 224.*float32.*Apache-2\.0.*372 MB.*ready/s);
    await expect(ready).toContainText('onnx-community/siglip2-base-patch16-224-ONNX');
    await expect(ready).toContainText('It runs on WebGPU, 6.2 ms per crop, 12 × as fast as the CPU.');
    await expect(ready).toContainText('cannot open shared object file');
    await expect(rowsOf(page, 'CLIP ViT-B/32')).toContainText('not here');
    await expect(rowsOf(page, 'CLIP ViT-H/14')).toContainText(/843 MB of\s+2\.5 GB.*partly here/s);
    await expect(rowsOf(page, 'DINOv2')).toContainText(
      /not verified.*The files are there, but not hashed yet$/s,
    );
    await expect(rowsOf(page, 'MobileNet')).toContainText(
      /does not fit.*manifest "pixel_values", model "image"/s,
    );
    await expect(rowsOf(page, 'Thesis net')).toContainText(
      'It has no model. Add it again from a folder that holds its manifest and its model.',
    );
    await expect(rowsOf(page, 'Thesis net').getByRole('button', { name: /^Download/ })).toHaveCount(0);
    const problems = page.getByRole('region', { name: 'Manifests that can not be used' });
    await expect(problems).toContainText('output.dimension');
    await expect(problems).toContainText('encoders/broken.json');
    await expect(problems).toContainText('Write it without quotes.');
    await checkWithAxe(page, `encoders (${theme})`, findings);
    await shoot(page, `encoders-states-${theme}`, true);
    await page.getByRole('button', { name: 'Details of SigLIP 2 base' }).click();
    await expect(page).toHaveURL(/#\/encoders$/);
    await expect(ready).not.toContainText('Stream version');
    expect(findings).toEqual(NOTHING);
  });
}

test('a model is downloaded, with pause and resume, and its stream appears', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/encoders');
  const clip = rowsOf(page, 'CLIP ViT-B/32');
  await clip.getByRole('button', { name: 'Download CLIP ViT-B/32' }).click();
  const progress = clip.getByRole('progressbar', { name: 'Download clip-vit-b32' });
  await expect(progress).toHaveAttribute('aria-valuetext', /MB of 352 MB/);
  await expect(clip).toContainText(/\d+ % · \d+(\.\d)? MB of 352 MB · \d+ MB\/s · \d\.\d s left/);
  await clip.getByRole('button', { name: 'Pause' }).click();
  await expect(clip).toContainText(/paused · \d+ %/);
  await checkWithAxe(page, 'encoders, downloading', findings);
  await shoot(page, 'encoders-download', true);
  // Where it stands is in the engine, not in the page.
  await page.reload();
  await expect(clip).toContainText(/paused · \d+ %/);
  await clip.getByRole('button', { name: 'Resume' }).click();
  await expect(clip.getByText('ready', { exact: true })).toBeVisible();
  await expect(progress).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page.getByRole('columnheader', { name: /CLIP ViT-B\/32/ })).toBeVisible();
  await page.getByRole('button', { name: 'Extract CLIP ViT-B/32 (light) of biqa-demo' }).click();
  await expect(page.getByText(/images\/s/).first()).toBeVisible();
  expect(findings).toEqual(NOTHING);
});

test('a download can be cancelled; one that fails says why and can be tried again', async ({
  page,
  mock,
}) => {
  await open(page, mock, '#/encoders');
  const clip = rowsOf(page, 'CLIP ViT-B/32');
  await clip.getByRole('button', { name: 'Download' }).click();
  await clip.getByRole('button', { name: 'Cancel' }).click();
  await expect(clip.getByRole('button', { name: 'Download' })).toBeVisible();
  mock.catalog.encoders.failing.set(
    'clip-vit-b32',
    new StudioError('no-space', 'The disk of the cache is full', { hint: 'Free 352 MB and try again.' }),
  );
  await clip.getByRole('button', { name: 'Download' }).click();
  await expect(clip.getByRole('alert')).toContainText('Free 352 MB and try again.');
  mock.catalog.encoders.failing.clear();
  await clip.getByRole('button', { name: 'Try again' }).click();
  await expect(clip.getByText('ready', { exact: true })).toBeVisible();
});

test('a model is verified and its devices are probed', async ({ page, mock }) => {
  await open(page, mock, '#/encoders');
  const dino = rowsOf(page, 'DINOv2');
  await dino.getByRole('button', { name: 'Verify' }).click();
  await expect(dino).toContainText('checking onnx/model.onnx');
  await expect(dino.getByText('ready', { exact: true })).toBeVisible();
  await dino.getByRole('button', { name: 'Probe devices' }).click();
  await expect(dino).toContainText('It runs on WebGPU');
  await expect(page).toHaveURL(/encoder=dinov2-large$/);
});

test('removing says what is lost and asks', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/encoders');
  const dialog = page.getByRole('alertdialog');
  await page.getByRole('button', { name: 'Remove SigLIP 2 base' }).click();
  await expect(dialog).toContainText('372 MB of model files are deleted from the cache');
  await expect(dialog).toContainText('Features of 1\u202f199 pictures in 1 dataset stay');
  // The way out is the first stop.
  await page.keyboard.press('Tab');
  await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused();
  await checkWithAxe(page, 'remove an encoder', findings);
  await shoot(page, 'encoders-remove', true);
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(rowsOf(page, 'SigLIP 2 base').getByText('ready', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Remove SigLIP 2 base' }).click();
  await dialog.getByRole('button', { name: 'Remove the encoder' }).click();
  await expect(rowsOf(page, 'SigLIP 2 base')).toContainText('not here');
  await page.getByRole('button', { name: 'Remove DB-CNN' }).click();
  await expect(dialog).toContainText('The model file stays where it is');
  await expect(dialog).toContainText('Its manifest is deleted too.');
  await dialog.getByRole('button', { name: 'Remove the encoder' }).click();
  await expect(rowsOf(page, 'DB-CNN')).toHaveCount(0);
  expect(findings).toEqual(NOTHING);
});

test('offline, no answer, and no encoder at all are shown as what they are', async ({ page, mock }) => {
  mock.catalog.encoders.hub.offline = true;
  await open(page, mock, '#/encoders');
  await expect(page.getByRole('group', { name: 'Model hub' })).toContainText('HF_HUB_OFFLINE is set');
  await expect(page.getByRole('button', { name: 'Download CLIP ViT-B/32' })).toBeDisabled();
  await shoot(page, 'encoders-offline', true);
  mock.catalog.failNext.set('encoders.list', new StudioError('no-permission', 'The cache can not be read'));
  await open(page, mock, '#/encoders');
  await expect(page.getByRole('alert')).toContainText('The cache can not be read');
  mock.catalog.failNext.clear();
  mock.catalog.encoders.all = [];
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('No encoder is known.')).toBeVisible();
});

test('many streams scroll beside their dataset, and new ones come by themselves', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/streams');
  await expect(page.getByRole('columnheader')).toHaveCount(4);
  for (const { id } of mock.catalog.encoders.all) mock.catalog.encoders.setState(id, 'ready');
  await expect(page.getByRole('columnheader')).toHaveCount(11);
  const region = page.getByRole('region', { name: 'Datasets by streams' });
  await region.evaluate((element) => (element.scrollLeft = 1e6));
  const last = page.getByRole('columnheader', { name: 'Thesis net' });
  await expect(last).toBeInViewport();
  const dataset = page.getByRole('rowheader', { name: 'biqa-demo' });
  const [panel, head] = [await region.boundingBox(), await dataset.boundingBox()];
  expect(head!.x).toBeLessThanOrEqual(panel!.x + 2);
  expect(
    await page.evaluate(
      `document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth`,
    ),
  ).toBe(true);
  await checkWithAxe(page, 'streams, many', findings);
  await shoot(page, 'streams-many', true);
  expect(findings).toEqual(NOTHING);
});

test('features of an older model say so, and are extracted again', async ({ page, mock }) => {
  const findings = watchPage(page);
  mock.catalog.outdated.add('nss');
  await open(page, mock, '#/streams');
  const cell = page.getByRole('cell').filter({ hasText: 'computed with an older descriptor version' });
  await expect(cell).toHaveCount(1);
  await expect(cell).toContainText('complete');
  await checkWithAxe(page, 'streams, outdated', findings);
  await shoot(page, 'streams-outdated', true);
  await cell.getByRole('button', { name: /^Extract again: .* of biqa-demo$/ }).click();
  await expect(cell).toHaveCount(0);
  expect(findings).toEqual(NOTHING);
});

test('the five crops lie over the picture at every zoom', async ({ page, mock }) => {
  const findings = watchPage(page);
  await open(page, mock, '#/image/812');
  const picture = page.locator('.viewport img');
  await expect(picture).toHaveCSS('width', '512px');
  const overlay = page.getByRole('img', { name: /^Five crops/ });
  await expect(overlay).toHaveCount(0);
  await page.keyboard.press('c');
  // floor(0.85 * 384 + 0.5)
  await expect(overlay).toHaveAttribute('aria-label', /326 by 326 pixels/);
  await expect(page.getByText('326 × 326 each')).toBeVisible();
  const line = (crop: number): ReturnType<Page['locator']> => overlay.locator(`rect.crop-${crop}`);
  const attributes = (crop: number): Promise<number[]> =>
    line(crop).evaluate((rect) =>
      ['x', 'y', 'width', 'height'].map((name) => Number(rect.getAttribute(name))),
    );
  expect(await attributes(0)).toEqual([93, 29, 326, 326]);
  expect(await attributes(1)).toEqual([0, 0, 326, 326]);
  expect(await attributes(4)).toEqual([186, 58, 326, 326]);
  await checkWithAxe(page, 'crops', findings);
  await shoot(page, 'inspector-crops', true);
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await page.locator('.viewport').focus();
  await page.keyboard.press('ArrowRight');
  const [at, over] = [await picture.boundingBox(), await overlay.boundingBox()];
  expect(over).toEqual(at);
  expect(await attributes(4)).toEqual([186, 58, 326, 326].map((value) => value * 3));
  await page.getByRole('button', { name: 'Crops' }).click();
  await expect(overlay).toHaveCount(0);
  expect(findings).toEqual(NOTHING);
});
