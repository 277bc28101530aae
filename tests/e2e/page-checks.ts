/** What every page must keep to once it is there: nothing moves while it loads, nothing sticks out, axe finds nothing. */
import { expect, type Page, type Request } from '@playwright/test';
import { checkWithAxe, type WalkFindings } from './walk.ts';

/** Findings of a walk, and what moved or stuck out. */
export type PageFindings = WalkFindings & { shifts: string[]; overflows: string[] };

/** Cumulative layout shift that nobody sees. */
const SHIFT_LIMIT = 0.01;
/** Quiet time after the last answer, in ms. */
const QUIET = 250;

const OBSERVE_SHIFTS = `
  window.layoutShifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      const sources = entry.sources.map(({ node, previousRect: a, currentRect: b }) => {
        const element = node?.nodeType === 1 ? node : node?.parentElement;
        const label = element?.getAttribute('aria-label') ?? element?.textContent?.trim().slice(0, 40) ?? '';
        return (element?.tagName ?? '?') + '.' + (element?.className ?? '') + ' "' + label + '" ' +
          [a.x, a.y, a.width, a.height].map(Math.round) + ' -> ' + [b.x, b.y, b.width, b.height].map(Math.round);
      });
      window.layoutShifts.push({ value: entry.value, sources });
    }
  }).observe({ type: 'layout-shift', buffered: true });
`;
/** Elements of the page that are cut off without a way to scroll to them: at the right, and what is below a picture in the grid. */
const OVERFLOWING = `(() => {
  const found = [];
  const wide = (element) => element.scrollWidth > element.clientWidth + 1;
  if (wide(document.documentElement)) found.push('the window');
  const main = document.querySelector('main');
  if (wide(main)) found.push('the page: ' + main.scrollWidth + ' > ' + main.clientWidth);
  for (const panel of document.querySelectorAll('main .panel, main section'))
    if (wide(panel) && getComputedStyle(panel).overflowX === 'visible')
      found.push((panel.getAttribute('aria-label') ?? panel.className) + ': ' + panel.scrollWidth + ' > ' + panel.clientWidth);
  const cell = document.querySelector('main [role=gridcell]');
  if (cell !== null && cell.offsetHeight > cell.parentElement.clientHeight + 1)
    found.push('a cell of the grid: ' + cell.offsetHeight + ' > ' + cell.parentElement.clientHeight + ', the height of its row');
  return found;
})()`;

/** Counts the requests of a page that are under way, its event stream aside. */
export class PageWatch {
  readonly #open = new Set<Request>();
  #last = 0;

  constructor(page: Page) {
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/events') return;
      this.#open.add(request);
      this.#last = Date.now();
    });
    const end = (request: Request): void => {
      this.#last = Date.now();
      this.#open.delete(request);
    };
    page.on('requestfinished', end);
    page.on('requestfailed', end);
  }

  /** Records layout shifts from the start of every page that is loaded from now on. */
  static async observe(page: Page): Promise<PageWatch> {
    await page.addInitScript(OBSERVE_SHIFTS);
    return new PageWatch(page);
  }

  /** Waits for the data, the pictures and the fonts. */
  async settled(page: Page): Promise<void> {
    await expect(page.locator('main .skeleton')).toHaveCount(0, { timeout: 60_000 });
    await expect
      .poll(() => this.#open.size === 0 && Date.now() - this.#last > QUIET, { intervals: [50] })
      .toBe(true);
    await page.evaluate(
      'document.fonts.ready.then(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(0)))))',
    );
  }
}

/** Adds what is wrong with the page as it is now. `shifts` only means something on a page that was loaded by its address. */
export async function checkPage(page: Page, where: string, findings: PageFindings): Promise<void> {
  const shifts = await page.evaluate<{ value: number; sources: string[] }[]>('window.layoutShifts');
  const total = shifts.reduce((sum, { value }) => sum + value, 0);
  if (total >= SHIFT_LIMIT)
    findings.shifts.push(
      `${where}: ${total.toFixed(3)}: ${shifts.flatMap(({ sources }) => sources).join('; ')}`,
    );
  for (const what of await page.evaluate<string[]>(OVERFLOWING)) findings.overflows.push(`${where}: ${what}`);
  await checkWithAxe(page, where, findings);
}
