/**
 * `npm run bench window`: the window in Chromium over a real `studio serve` with 40,000 pictures and a run over all of them
 * (issue 5's scale figures). Each figure is printed beside its target. BIQA_BENCH_IMAGES takes another number of pictures.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, type CDPSession, type Page } from '@playwright/test';
import { CHROMIUM_SWITCHES, findChromium } from '../../build/find-chromium.mjs';
import { makeLargeHome } from '../fixtures/large-home.ts';
import { serveStudio } from '../fixtures/served-studio.ts';
import { framesWhile, type Frames } from './frames.ts';

const RENDERER = path.resolve(import.meta.dirname, '../../out/renderer/index.html');
const ROUNDS = 9;
/** The grid's first cell, once its image is known. */
const FIRST = 'a[data-index="0"][href]';

/** Prints the measurements to standard output. */
export async function benchWindow(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === null || !existsSync(RENDERER)) {
    console.log('  skipped: needs Chromium (PLAYWRIGHT_CHROMIUM) and the built window (npm run build)');
    return;
  }
  const images = Number(process.env['BIQA_BENCH_IMAGES'] ?? 40_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'window-bench-'));
  const started = performance.now();
  const made = await makeLargeHome(folder, images);
  console.log(
    `${images} pictures made and catalogued in ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  const studio = await serveStudio({ root: folder, home: made.home });
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_SWITCHES });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.addInitScript({ path: path.join(import.meta.dirname, 'window-page.js') });
    await page.goto(studio.url);
    await page.getByRole('heading', { name: 'Datasets' }).waitFor();
    const cdp = await page.context().newCDPSession(page);
    console.log(`${os.cpus()[0]?.model ?? 'unknown CPU'}, ${browser.version()}, 1280 x 800`);
    console.log(`  ${'figure'.padEnd(66)}${'target'.padEnd(10)}best      median    p95       load`);
    await benchGrid(page, cdp, made.dataset, images);
    await benchFilters(page, made.dataset, made.run);
    await benchScatter(page, cdp, made.run, images);
  } finally {
    await browser.close();
    await studio.close();
    rmSync(folder, { recursive: true });
  }
}

async function benchGrid(page: Page, cdp: CDPSession, dataset: number, images: number): Promise<void> {
  const opening: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await go(page, '#/streams', 'main h1');
    opening.push(await timed(page, { hash: `#/datasets/${dataset}`, selector: FIRST }));
  }
  print('grid: first rows after opening the dataset', '300 ms', opening);

  const jumps: number[] = [];
  for (let round = 0; round < ROUNDS * 3; round++) {
    const index = Math.floor(images * ((round * 0.618034 + 0.3) % 1));
    jumps.push(await jump(page, index));
  }
  print('grid: jump to any position, its rows with their data', '100 ms', jumps);

  for (const [name, speed] of [
    ['reading speed, 1,500 px/s', 1500],
    ['with all pictures, 3,000 px/s', 3000],
    ['a fling, 8,000 px/s', 8000],
  ] as const) {
    await jump(page, 0);
    const frames = await framesWhile(cdp, () => scroll(cdp, speed, 4));
    printFrames(`grid: main thread per frame, ${name}`, frames);
  }
  const complete: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await scroll(cdp, 8000, 1);
    complete.push(await page.evaluate<number>('bench.pictures()'));
  }
  print('grid: pictures, from the end of a fling to the last one', '-', complete);
}

async function benchFilters(page: Page, dataset: number, run: number): Promise<void> {
  const grid = `#/datasets/${dataset}`;
  for (const [name, query] of [
    ['two distortions and a level', '?type=01,02&level=3'],
    ['a range of MOS', '?mos=2,3'],
    ['a text in the file name', '?text=99'],
    ['by residual of a run, descending', `?sort=residual&desc=1&run=${run}`],
  ] as const) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await go(page, '#/streams', 'main h1');
      await go(page, grid, FIRST);
      times.push(await timed(page, { hash: grid + query, selector: FIRST }));
    }
    print(`filter: ${name}`, '100 ms', times);
  }
  const clicks: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await go(page, '#/streams', 'main h1');
    await go(page, grid, FIRST);
    clicks.push(await timed(page, { press: 'button[aria-label="Level 5"]', selector: FIRST }));
  }
  print('filter: a click on a level', '100 ms', clicks);
}

async function benchScatter(page: Page, cdp: CDPSession, run: number, images: number): Promise<void> {
  const canvas = 'section[aria-label="Predicted against rated quality"] canvas';
  const opening: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await go(page, '#/runs', 'main h1');
    opening.push(await timed(page, { hash: `#/run/${run}`, selector: canvas }));
  }
  print(`scatter of ${images} points: drawn after opening the run`, '-', opening);
  await page.locator(canvas).scrollIntoViewIfNeeded();
  const box = (await page.locator(canvas).boundingBox())!;
  await page.evaluate('bench.watchHover()');
  const frames = await framesWhile(cdp, async () => {
    for (let step = 0; step < 120; step++) {
      const along = 0.1 + (0.8 * step) / 120;
      const across = 0.04 * Math.sin(step);
      const x = box.x + box.width * along;
      const y = box.y + box.height * (0.95 - 0.85 * along + across);
      await cdp.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
      await page.waitForTimeout(25);
    }
  });
  print(
    'scatter: hover, from the event to the drawn frame',
    '100 ms',
    await page.evaluate<number[]>('bench.hovers'),
  );
  printFrames('scatter: main thread per frame while hovering', frames);
}

/** Goes to a hash and waits for what shows that it is there. */
async function go(page: Page, hash: string, selector: string): Promise<void> {
  await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
  await page.locator(selector).first().waitFor();
  await page.waitForTimeout(150);
}

/** Ms until the page shows what an action in it asks for (window-page.js). */
function timed(
  page: Page,
  change: ({ hash: string } | { press: string }) & { selector: string },
): Promise<number> {
  return page.evaluate(`bench.change(${JSON.stringify(change)})`);
}

function jump(page: Page, index: number): Promise<number> {
  return page.evaluate(`bench.jump(${index})`);
}

/** Scrolls the grid as a finger or a wheel does, for some seconds. */
async function scroll(cdp: CDPSession, speed: number, seconds: number): Promise<void> {
  const yDistance = -speed * seconds;
  await cdp.send('Input.synthesizeScrollGesture', {
    x: 500,
    y: 600,
    yDistance,
    speed,
    gestureSourceType: 'mouse',
    preventFling: true,
  });
}

function printFrames(name: string, { cpu, wall }: Frames): void {
  print(`${name}, CPU`, '16 ms', cpu);
  print(`${' '.repeat(name.length)}  wall`, '', wall);
}

function print(name: string, target: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) =>
    `${(sorted[Math.round(part * (sorted.length - 1))] ?? NaN).toFixed(1)} ms`.padEnd(10);
  console.log(
    `  ${name.padEnd(66)}${target.padEnd(10)}${at(0)}${at(0.5)}${at(0.95)}${os.loadavg()[0]!.toFixed(1)} (n ${sorted.length})`,
  );
}

if (import.meta.main) await benchWindow();
