// The Inspector against the mock engine: true pixels, two pictures, maps over the picture, keys and exports.
import { readFile } from 'node:fs/promises';
import { expect, type Locator, type Page } from '@playwright/test';
import sharp from 'sharp';
import type { MockEngine } from '../fixtures/mock-engine.ts';
import { generator } from '../fixtures/natural-picture.ts';
import { NOTHING, open, shoot, test } from './mock-test.ts';
import { checkWithAxe, watchPage } from './walk.ts';

/**
 * Opens the Inspector and waits for a picture. Any layer counts: the first one is hidden behind a difference, and every
 * other half second in a flicker, where looking for it once a second can miss it for ever.
 */
async function openImage(page: Page, mock: MockEngine, hash: string): Promise<void> {
  await open(page, mock, hash);
  const layers = page.locator('.viewport').first().locator('img, canvas');
  await expect(layers.filter({ visible: true }).first()).toBeVisible();
}

/** Random colours, so that a blurred or shifted pixel shows. */
function pattern(width: number, height: number, seed: number): Buffer {
  const random = generator(seed);
  return Buffer.from(Uint8Array.from({ length: width * height * 3 }, () => Math.floor(random() * 256)));
}
const png = (data: Buffer, width: number, height: number): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();

/** Serves these pixels under an address of the mock. */
async function serve(
  page: Page,
  address: string,
  data: Buffer,
  width: number,
  height: number,
): Promise<void> {
  const body = await png(data, width, height);
  await page.route(`**${address}`, (route) => route.fulfill({ body, contentType: 'image/png' }));
}

/** Screen pixels of an element, RGB. */
async function photograph(
  page: Page,
  element: Locator,
  ratio: number,
): Promise<{ data: Buffer; width: number; height: number }> {
  const box = (await element.boundingBox())!;
  const shot = sharp(await page.screenshot({ scale: 'device' }));
  const at = (css: number): number => Math.round(css * ratio);
  const { data, info } = await shot
    .extract({ left: at(box.x), top: at(box.y), width: at(box.width), height: at(box.height) })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

for (const ratio of [1, 1.25, 1.5, 2]) {
  test(`every image pixel is a screen pixel at device-pixel ratio ${ratio}, and a square of them at 3:1`, async ({
    browser,
    mock,
  }) => {
    const context = await browser.newContext({
      deviceScaleFactor: ratio,
      viewport: { width: 1280, height: 800 },
    });
    const page = await context.newPage();
    const [width, height] = [151, 99];
    const pixels = pattern(width, height, 5);
    await serve(page, '/image/812', pixels, width, height);
    await openImage(page, mock, '#/image/812');
    const picture = page.locator('.viewport img');
    // The caption in the corner must not lie over it.
    const shown = await photograph(page, picture, ratio);
    expect([shown.width, shown.height]).toEqual([width, height]);
    expect(shown.data.equals(pixels)).toBe(true);
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await expect(page.getByLabel('Zoom', { exact: true })).toHaveValue('3');
    const tripled = await photograph(page, picture, ratio);
    expect([tripled.width, tripled.height]).toEqual([width * 3, height * 3]);
    const wrong = tripled.data.filter((value, i) => {
      const pixel = Math.floor(i / 3);
      const x = Math.floor((pixel % (width * 3)) / 3);
      const y = Math.floor(pixel / (width * 3) / 3);
      return value !== pixels[(y * width + x) * 3 + (i % 3)];
    });
    expect(wrong).toHaveLength(0);
    await context.close();
  });
}

test('two pictures move in step; other sizes are said, not resampled', async ({ page, mock }) => {
  await serve(page, '/image/811', pattern(300, 200, 1), 300, 200);
  await openImage(page, mock, '#/image/812?with=811');
  const frames = page.locator('.viewport');
  await expect(frames).toHaveCount(2);
  await expect(page.getByRole('note')).toContainText('512 × 384 and 300 × 200');
  await expect(page.getByRole('note')).toContainText('nothing is resampled');
  const corners = async () =>
    Promise.all(
      [0, 1].map(async (i) => {
        const frame = (await frames.nth(i).boundingBox())!;
        const picture = (await frames.nth(i).locator('img').boundingBox())!;
        return { x: picture.x - frame.x, y: picture.y - frame.y, scale: picture.width };
      }),
    );
  for (const act of [
    () => page.keyboard.press('+'),
    () => page.keyboard.press('+'),
    async () => {
      await frames.nth(1).focus();
      await page.keyboard.press('ArrowRight');
    },
    async () => {
      await frames.nth(1).hover();
      await page.mouse.wheel(0, -300);
    },
  ]) {
    await act();
    await page.waitForTimeout(100);
    const [a, b] = await corners();
    expect(a!.x).toBeCloseTo(b!.x, 1);
    expect(a!.y).toBeCloseTo(b!.y, 1);
    expect(a!.scale / 512).toBeCloseTo(b!.scale / 300, 3);
  }
  await page.keyboard.press('.');
  await expect(page).toHaveURL(/with=812/);
});

test('the difference is exact, with its gain and its numbers', async ({ page, mock }) => {
  const [width, height] = [120, 90];
  const a = pattern(width, height, 2);
  const b = Buffer.from(a.map((value, i) => Math.max(0, Math.min(255, value + ((i % 7) - 3) * 4))));
  await serve(page, '/image/812', a, width, height);
  await serve(page, '/reference/812', b, width, height);
  await openImage(page, mock, '#/image/812');
  await expect(page.getByRole('button', { name: 'Reference' })).toBeEnabled();
  await page.keyboard.press('d'); // without a second picture: the reference
  await expect(page).toHaveURL(/with=reference.*view=difference/);
  const strip = page.getByRole('region', { name: 'Two pictures' });
  const differences = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  const mean = differences.reduce((x, y) => x + y) / differences.length;
  await expect(strip).toContainText(`mean ${mean.toFixed(2)}`);
  await expect(strip).toContainText(`max ${Math.max(...differences)}`);
  const mse = differences.reduce((x, y) => x + y * y, 0) / differences.length;
  await expect(strip).toContainText(`${(10 * Math.log10(255 ** 2 / mse)).toFixed(1)} dB`);
  await page.keyboard.press(']');
  await expect(strip.getByLabel('gain')).toHaveValue('8');
  const layer = page.getByRole('img', { name: 'Absolute difference, times 8' });
  const shown = await photograph(page, layer, 1);
  const wrong = Array.from(shown.data).filter((v, i) => Math.abs(v - Math.min(255, differences[i]! * 8)) > 1);
  expect(wrong).toHaveLength(0);
  const download = page.waitForEvent('download');
  await strip.getByRole('button', { name: /^Export/ }).click();
  await page.getByRole('menuitem', { name: 'Save as PNG' }).click();
  const saved = await sharp(await readFile(await (await download).path()))
    .removeAlpha()
    .raw()
    .toBuffer();
  expect(saved.every((v, i) => Math.abs(v - Math.min(255, differences[i]! * 8)) <= 1)).toBe(true);
});

test('flicker takes turns, by hand where motion is not wanted', async ({ page, mock }) => {
  await openImage(page, mock, '#/image/812?with=reference&view=flicker');
  const strip = page.getByRole('region', { name: 'Two pictures' });
  await strip.getByLabel('switches per second').selectOption('5');
  await expect(strip).toContainText('shows I14.png');
  await expect(strip).toContainText('shows I14_');
  await page.keyboard.press('[');
  await expect(strip.getByLabel('switches per second')).toHaveValue('4');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openImage(page, mock, '#/image/812?with=reference&view=flicker');
  await expect(strip.getByRole('button', { name: 'Play' })).toBeVisible();
  await page.waitForTimeout(700);
  await expect(strip).toContainText('shows I14_');
  await page.keyboard.press('x');
  await expect(strip).toContainText('shows I14.png');
  await expect(page.locator('.viewport img').nth(1)).toBeVisible();
  await page.keyboard.press('x');
  await expect(page.locator('.viewport img').nth(1)).toBeHidden();
});

test('the picture to compare with is chosen from relatives, neighbours and names', async ({ page, mock }) => {
  const findings = watchPage(page);
  await openImage(page, mock, '#/image/812');
  await page.keyboard.press('w');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Level 5' })).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Previous' })).toBeVisible();
  await dialog.getByRole('searchbox').fill('I03_01_04');
  await expect(dialog.getByRole('listitem')).toHaveCount(1);
  await checkWithAxe(page, 'compare with', findings);
  await shoot(page, 'inspector-picker');
  await dialog.getByRole('button', { name: /I03_01_04/ }).click();
  await expect(page).toHaveURL(/with=124/);
  await expect(page.getByRole('button', { name: /with I03_01_04/ })).toBeVisible();
  await page.keyboard.press('j'); // the second one stays
  await expect(page).toHaveURL(/image\/813\?.*with=124/);
  await page.reload();
  await expect(page.locator('.viewport')).toHaveCount(2);
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/with=reference/);
  await page.getByRole('button', { name: 'Stop comparing' }).click();
  await expect(page.locator('.viewport')).toHaveCount(1);
  expect(findings).toEqual(NOTHING);
});

test('a feature opens its block map; the pointer and the slider read its cells; it leaves as CSV and PNG', async ({
  page,
  mock,
}) => {
  await openImage(page, mock, '#/image/812');
  await page.locator('[data-feature="4"]').click();
  await expect(page).toHaveURL(/map=mean\.intensity\.entropy/);
  const legend = page.getByRole('region', { name: 'Map over the picture' });
  await expect(legend).toContainText('mean.intensity.entropy');
  await expect(legend).toContainText('bits');
  const picture = (await page.locator('.viewport img').boundingBox())!;
  await page.mouse.move(picture.x + 32 * 2 + 5, picture.y + 32 * 4 + 5);
  await expect(legend).toContainText('row 5, column 3');
  await legend.getByLabel('cell').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(legend).toContainText('row 1, column 2');
  const save = async (item: string): Promise<Buffer> => {
    const download = page.waitForEvent('download');
    await legend.getByRole('button', { name: /^Export/ }).click();
    await page.getByRole('menuitem', { name: item }).click();
    return readFile(await (await download).path());
  };
  const lines = (await save('Save as CSV')).toString().trimEnd().split('\n');
  expect(lines[0]).toBe('row,column,left,top,right,bottom,value (bits)');
  expect(lines).toHaveLength(1 + 12 * 16);
  const image = await sharp(await save('Save as PNG')).metadata();
  expect([image.width, image.height]).toEqual([512, 384 + 74]);
  await page.reload(); // the address restores it
  await expect(legend).toBeVisible();
  await page.keyboard.press('b');
  await expect(legend).toBeHidden();
  await page.keyboard.press('b');
  await expect(legend).toContainText('mean.intensity.entropy');
});

test('an occlusion map is made by a job, shown, cancelled, and comes back', async ({ page, mock }) => {
  await openImage(page, mock, '#/image/812?run=1');
  const panel = page.getByRole('region', { name: 'Occlusion map' });
  await panel.getByRole('button', { name: 'Make the map' }).click();
  await expect(panel.getByRole('progressbar')).toBeVisible();
  const legend = page.getByRole('region', { name: 'Map over the picture' });
  await expect(legend).toContainText("Change of run 1's prediction", { timeout: 15_000 });
  await expect(panel).toContainText('8 × 6');
  await panel.getByLabel('Covered with').selectOption('blur');
  await panel.getByRole('button', { name: 'Make the map' }).click();
  await panel.getByRole('button', { name: 'Cancel' }).click();
  await expect(panel).toContainText('cancelled');
  await page.reload();
  await panel.getByRole('button', { name: 'Show' }).click();
  await expect(legend).toContainText('label units');
});

for (const theme of ['light', 'dark'] as const) {
  test(`every view of the Inspector, ${theme}`, async ({ page, mock }) => {
    const findings = watchPage(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(
      theme === 'light' ? { width: 1280, height: 800 } : { width: 1920, height: 1080 },
    );
    const views = {
      plain: '#/image/812?run=1',
      map: '#/image/812?run=1&map=std.loggabor.s0.o1.mean',
      side: '#/image/812?run=1&with=reference&map=mean.lbp.14',
      difference: '#/image/812?run=1&with=815&view=difference',
      flicker: '#/image/812?run=1&with=reference&view=flicker',
      'no-reference': '#/image/100005?with=reference',
    };
    for (const [name, hash] of Object.entries(views)) {
      await openImage(page, mock, hash);
      await page.keyboard.press('0');
      if (hash.includes('map='))
        await expect(page.getByRole('region', { name: 'Map over the picture' })).toBeVisible();
      if (name === 'difference') await expect(page.getByText(/dB/)).toBeVisible();
      await page.waitForTimeout(200);
      await checkWithAxe(page, `inspector ${name} (${theme})`, findings);
      await shoot(page, `inspector-${name}-${theme}`);
    }
    await page.keyboard.press('p');
    await expect(page.getByRole('region', { name: 'Scores', exact: true })).toBeFocused();
    await page.keyboard.press('p');
    await expect(page.getByRole('region', { name: 'NSS features' })).toBeFocused();
    await page.keyboard.press('P');
    await page.keyboard.press('P');
    await expect(page.locator('.viewport').first()).toBeFocused();
    expect(findings).toEqual(NOTHING);
  });
}
