/** Every way out of a page: all its export menus and download links are used, and what comes out is opened. */
import { readFile } from 'node:fs/promises';
import { expect, type Download, type Locator, type Page } from '@playwright/test';
import { parse } from 'csv-parse/sync';
import { InferenceSession } from 'onnxruntime-node';
import sharp from 'sharp';

/** What a page gave: the columns of each table by its file's name, and the names of the other files. */
export type PageExports = { tables: Record<string, string[]>; files: string[] };

/** Uses every entry of every export menu and every download link of the page as it is now; throws where one is broken. */
export async function takeEveryExport(page: Page): Promise<PageExports> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const found: PageExports = { tables: {}, files: [] };
  const menus = page.locator('main').getByRole('button', { name: /^Export/ });
  for (let m = 0; m < (await menus.count()); m++) await takeMenu(page, menus.nth(m), found);
  const links = page.locator('main a[download]');
  for (let l = 0; l < (await links.count()); l++) {
    const link = links.nth(l);
    await keepFile(page, await download(page, () => link.press('Enter')), found);
  }
  return found;
}

async function takeMenu(page: Page, menu: Locator, found: PageExports): Promise<void> {
  const items = page.getByRole('menuitem');
  await menu.press('Enter');
  await expect(items.first()).toBeVisible();
  const titles = (await items.allInnerTexts()).map((title) => title.trim());
  await page.keyboard.press('Escape');
  await expect(items.first()).toBeHidden();
  const texts: Partial<Record<'TSV' | 'Markdown' | 'LaTeX' | 'CSV', string>> = {};
  for (const title of titles) {
    const choose = async (): Promise<void> => {
      await menu.press('Enter');
      await items.filter({ hasText: title }).press('Enter');
    };
    const copied = /^Copy as (TSV|Markdown|LaTeX)$/.exec(title)?.[1] as 'TSV' | undefined;
    if (copied !== undefined) texts[copied] = await clipboard(page, choose);
    else {
      const file = await keepFile(page, await download(page, choose), found);
      if (file.name.endsWith('.csv')) texts.CSV = file.content.toString();
    }
    await expect(items.first()).toBeHidden();
  }
  expectSameTable(texts, (await menu.getAttribute('aria-label')) ?? 'Export');
}

/** What an export of text puts on the clipboard. */
async function clipboard(page: Page, choose: () => Promise<void>): Promise<string> {
  await page.evaluate("navigator.clipboard.writeText('nothing yet')");
  await choose();
  const read = (): Promise<string> => page.evaluate('navigator.clipboard.readText()');
  await expect.poll(read).not.toBe('nothing yet');
  return read();
}

async function download(page: Page, choose: () => Promise<void>): Promise<Download> {
  const [file] = await Promise.all([page.waitForEvent('download'), choose()]);
  return file;
}

/** Opens a file as its readers would. */
async function keepFile(
  page: Page,
  file: Download,
  found: PageExports,
): Promise<{ name: string; content: Buffer }> {
  const name = file.suggestedFilename();
  const content = await readFile(await file.path());
  expect(content.length, name).toBeGreaterThan(20);
  const text = content.toString();
  if (name.endsWith('.csv')) found.tables[name] = readCsv(text, name)[0]!;
  else found.files.push(name);
  if (name.endsWith('.png')) await expectPicture(content, name);
  if (name.endsWith('.svg')) await expectFigure(page, text, name);
  if (name.endsWith('.json')) expect(Object.keys(JSON.parse(text) as object), name).not.toEqual([]);
  if (name.endsWith('.html')) expectReport(text, name);
  if (name.endsWith('.onnx')) {
    const session = await InferenceSession.create(content);
    expect(session.outputNames, name).toContain('score');
    await session.release();
  }
  return { name, content };
}

function readCsv(text: string, name: string, delimiter = ','): string[][] {
  const rows: string[][] = parse(text, { delimiter, ...(delimiter === '\t' ? { quote: false } : {}) });
  expect(rows.length, `${name} has no rows`).toBeGreaterThan(1);
  expect(new Set(rows[0]).size, `${name}: ${rows[0]!.join()}`).toBe(rows[0]!.length);
  return rows;
}

/** A picture that decodes and is not of one colour. */
async function expectPicture(content: Buffer, name: string): Promise<void> {
  const { channels } = await sharp(content).stats();
  expect(Math.max(...channels.map((channel) => channel.max - channel.min)), name).toBeGreaterThan(20);
}

/** Well-formed SVG with text as text, no script and nothing from elsewhere. */
async function expectFigure(page: Page, svg: string, name: string): Promise<void> {
  expect(svg, name).toMatch(/<text [^>]*>[^<]+<\/text>/);
  expect(svg, name).not.toMatch(/<script|\son\w+=|href=|NaN|undefined/);
  const parsed = `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror')`;
  expect(await page.evaluate(parsed), name).toBeNull();
}

/** One file that needs nothing else. */
function expectReport(html: string, name: string): void {
  expect(html, name).toMatch(/^<!doctype html>/i);
  expect(html, name).toContain('<svg');
  expect(html, name).not.toMatch(/<script|<link|src="(?!data:)|\sNaN|undefined/);
}

/** The same rows in every format of a menu. */
function expectSameTable(texts: Partial<Record<string, string>>, menu: string): void {
  if (texts['TSV'] === undefined) return;
  const rows = readCsv(texts['TSV'], menu, '\t');
  expect(readCsv(texts['CSV']!, menu)[0], menu).toEqual(rows[0]);
  expect(readCsv(texts['CSV']!, menu).length, menu).toBe(rows.length);
  const markdown = texts['Markdown']?.split('\n').filter((line) => line.startsWith('| '));
  if (markdown !== undefined) expect(markdown.length, menu).toBe(rows.length + 1);
  const latex = texts['LaTeX']?.split('\n').filter((line) => line.endsWith(' \\\\'));
  if (latex === undefined) return;
  for (const line of latex) expect(line.split(/(?<!\\)&/).length, `${menu}: ${line}`).toBe(rows[0]!.length);
}
