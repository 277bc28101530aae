/** The Chromium that the tests drive. Plain JavaScript: build/run.mjs needs it before anything is installed. */
import { existsSync } from 'node:fs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Switches for a quiet browser that makes no request of its own. */
export const CHROMIUM_SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/** PLAYWRIGHT_CHROMIUM, CHROME_PATH or the system's usual places; null where there is none. */
export function findChromium() {
  const named = [process.env.PLAYWRIGHT_CHROMIUM, process.env.CHROME_PATH].filter(Boolean);
  return [...named, ...PLACES].find((place) => existsSync(place)) ?? null;
}
