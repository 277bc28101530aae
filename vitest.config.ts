import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/unit/**/*.test.ts', 'tests/integration/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    env: {
      ORT_DISABLE_TELEMETRY: '1', // for tests that load ONNX Runtime themselves
      NODE_COMPILE_CACHE: path.resolve('node_modules/.cache/compiled'), // not each test's home anew
    },
  },
});
