// The grid of 40,000 images against the mock engine: its few row elements take other rows as it moves.
import { expect, type CDPSession, type Page } from '@playwright/test';
import { test } from './mock-test.ts';

const SCROLLER = '[role="grid"] [role="presentation"]';

test.beforeEach(async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/datasets/2`);
  await page.locator('a[data-index="0"][href]').waitFor();
});

/** A cell whose box is on screen: its image, and whether it has its data and its own picture. */
type Cell = { index: number; complete: boolean };

function cellsOnScreen(page: Page): Promise<Cell[]> {
  return page.evaluate<Cell[]>(`(() => {
    const { top, bottom } = document.querySelector('${SCROLLER}').getBoundingClientRect();
    return [...document.querySelectorAll('a[data-index]')].flatMap((cell) => {
      const box = cell.getBoundingClientRect();
      if (box.bottom <= top || box.top >= bottom) return [];
      const image = cell.querySelector('img');
      const id = /^#\\/image\\/(\\d+)/.exec(cell.getAttribute('href') ?? '')?.[1];
      const shown = image?.getAttribute('src')?.startsWith('/thumb/' + id + '?') && image.complete &&
        image.naturalWidth > 0 && getComputedStyle(image).visibility === 'visible';
      const gone = image === null && /, (missing|unreadable)$/.test(cell.title);
      const complete = id !== undefined && (shown === true || gone);
      return [{ index: Number(cell.dataset.index), complete }];
    }).sort((a, b) => a.index - b.index);
  })()`);
}

/** Row numbers as assistive technology meets them, in its order. */
async function accessibleRows(cdp: CDPSession): Promise<number[]> {
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const names = (id: string): string[] => {
    const node = byId.get(id);
    if (node === undefined) return [];
    const own = node.role?.value === 'row' ? [String(node.backendDOMNodeId)] : [];
    return [...own, ...(node.childIds ?? []).flatMap(names)];
  };
  const rows: number[] = [];
  for (const id of names(nodes[0]!.nodeId)) {
    const { node } = await cdp.send('DOM.describeNode', { backendNodeId: Number(id) });
    const attributes = node.attributes ?? [];
    const at = attributes.indexOf('aria-rowindex');
    if (at >= 0) rows.push(Number(attributes[at + 1]));
  }
  return rows;
}

test('after a fling everything left on screen has its data and picture, and the focus is where it was', async ({
  page,
}) => {
  await page.locator('a[data-index="3"]').focus();
  const cdp = await page.context().newCDPSession(page);
  for (const yDistance of [-16_000, 5_000, -700]) {
    await cdp.send('Input.synthesizeScrollGesture', {
      x: 500,
      y: 600,
      yDistance,
      speed: 8000,
      gestureSourceType: 'mouse',
      preventFling: true,
    });
  }
  await expect
    .poll(async () => (await cellsOnScreen(page)).every(({ complete }) => complete), { timeout: 2000 })
    .toBe(true);
  const seen = (await cellsOnScreen(page)).map(({ index }) => index);
  expect(seen[0]).toBeGreaterThan(100);
  expect(seen.length).toBeGreaterThan(11);
  expect(seen).toEqual(seen.map((_, i) => seen[0]! + i));

  await expect(page.locator('a[data-index="3"]')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('a[data-index="4"]')).toBeFocused();
  await expect(page.locator('a[data-index="4"]')).toBeInViewport();
});

test('every jump by keyboard moves the focus to another element, so that it is announced', async ({
  page,
}) => {
  await page.locator('a[data-index="0"]').focus();
  await page.evaluate(`void (globalThis.moves = []);
    document.addEventListener('focusin', ({ target }) => globalThis.moves.push(target.dataset.index))`);
  for (const key of ['End', 'Home', 'PageDown', 'PageDown', 'PageUp', 'End']) {
    const before = (await page.locator(':focus').getAttribute('data-index'))!;
    await page.keyboard.press(key);
    await expect(page.locator(':focus')).not.toHaveAttribute('data-index', before);
    await expect(page.locator(':focus')).toBeInViewport();
  }
  const moves = await page.evaluate<string[]>('globalThis.moves');
  expect(moves).toHaveLength(6);
  expect([moves[0], moves[1], moves[5]]).toEqual(['39999', '0', '39999']);
});

test('another width keeps the image at the top', async ({ page }) => {
  await page.evaluate(`void (document.querySelector('${SCROLLER}').scrollTop = 100_000)`);
  await expect(page).toHaveURL(/at=\d+/);
  const top = Number(/at=(\d+)/.exec(page.url())![1]);
  const columns = await page.getByRole('grid').getAttribute('aria-colcount');
  await page.setViewportSize({ width: 900, height: 800 });
  await expect(page.getByRole('grid')).not.toHaveAttribute('aria-colcount', columns!);
  await expect(page.locator(`a[data-index="${top}"][href]`)).toBeInViewport();
});

test('screen readers meet the rows in the order of the list, whichever element shows them', async ({
  page,
}) => {
  const cdp = await page.context().newCDPSession(page);
  const inDocument: number[][] = [];
  for (const offset of [100_000, 100_450, 99_900, 100_200]) {
    await page.evaluate(`void (document.querySelector('${SCROLLER}').scrollTop = ${offset})`);
    await expect.poll(async () => isAscending(await accessibleRows(cdp))).toBe(true);
    expect((await accessibleRows(cdp)).length).toBeGreaterThan(3);
    inDocument.push(
      await page
        .locator('[role="row"][aria-rowindex]')
        .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('aria-rowindex')))),
    );
  }
  expect(inDocument.every(isAscending), 'row elements were used again').toBe(false);
});

function isAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!);
}
