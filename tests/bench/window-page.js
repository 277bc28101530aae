/** Runs inside the measured window (an init script of tests/bench/window.ts): waits and clocks, as globalThis.bench. */
/* global document, location, requestAnimationFrame, window */
const LIMIT_MS = 20_000;
const PAUSE_MS = 250;
const hovers = [];

globalThis.bench = {
  hovers,

  /** Ms from a new hash, or a click on `press`, until `selector` matches a new element and the frame with it is over. */
  async change({ hash, press, selector }) {
    const before = document.querySelector(selector);
    const isNew = () => ![null, before].includes(document.querySelector(selector));
    const start = performance.now();
    if (press === undefined) location.hash = hash;
    else document.querySelector(press).click();
    return frameWith(isNew, start, selector);
  },

  /** Ms from moving the grid's scrollbar to an image until every cell on screen shows its image. */
  async jump(index) {
    const grid = document.querySelector('[role="grid"]');
    const scroller = grid.querySelector('[role="presentation"]');
    const columns = Number(grid.ariaColCount);
    const row = Math.floor(index / columns);
    const start = performance.now();
    scroller.scrollTop = (row * scroller.scrollHeight) / Number(grid.ariaRowCount);
    const isShown = () => {
      const cells = cellsOnScreen(scroller);
      return cells.length >= columns && cells.every((cell) => cell.hasAttribute('href'));
    };
    return frameWith(isShown, start, `image ${index}`);
  },

  /** Ms from now until every cell on screen shows its picture. */
  async pictures() {
    const scroller = document.querySelector('[role="grid"] [role="presentation"]');
    const isShown = (image) => image.src !== '' && image.complete && image.naturalWidth > 0;
    const areShown = () => cellsOnScreen(scroller).every((cell) => isShown(cell.querySelector('img')));
    return frameWith(areShown, performance.now(), 'pictures');
  },

  /** From now on every mousemove adds to `hovers`: ms from the event to the end of the frame after it. */
  watchHover() {
    window.addEventListener(
      'mousemove',
      (event) =>
        requestAnimationFrame(() => {
          // A message is handled after the frame's own work.
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => hovers.push(performance.now() - event.timeStamp);
          port2.postMessage(null);
        }),
      { capture: true },
    );
  },
};

function cellsOnScreen(scroller) {
  const { top, bottom } = scroller.getBoundingClientRect();
  return [...scroller.querySelectorAll('a[data-index]')].filter((cell) => {
    const box = cell.getBoundingClientRect();
    return box.height > 0 && box.bottom > top + 1 && box.top < bottom - 1;
  });
}

async function frameWith(isThere, start, what) {
  do {
    await new Promise(requestAnimationFrame);
    if (performance.now() - start > LIMIT_MS) throw new Error(`${what} did not come`);
  } while (!isThere());
  await new Promise(requestAnimationFrame);
  const ms = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  return ms;
}
