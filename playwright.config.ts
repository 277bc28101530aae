import { defineConfig } from '@playwright/test';
import { CHROMIUM_SWITCHES, findChromium } from './build/find-chromium.mjs';

const executablePath = findChromium();

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/e2e',
  workers: 1, // two cores, and each test runs an engine of its own
  timeout: 120_000,
  retries: 1, // other work on the machine can delay a page beyond any limit; a test that passes only then is named as flaky
  expect: { timeout: 15_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
  use: {
    browserName: 'chromium',
    launchOptions: { args: CHROMIUM_SWITCHES, ...(executablePath === null ? {} : { executablePath }) },
    actionTimeout: 15_000, // a control that is not there fails in seconds, not at the test's own limit
    screenshot: 'only-on-failure',
    trace: 'off',
  },
});
