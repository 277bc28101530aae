import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const PROGRAM = path.resolve(import.meta.dirname, '../fixtures/kernel-outputs.ts');
/** Compute processes have these flags (src-main/experiments/compute-process.ts). */
const OPTIMIZED = '--no-liftoff';
const WIDE = '--experimental-wasm-revectorize';

describe.skipIf(process.arch !== 'x64')(
  'the fusion kernel with vector instructions of twice the width',
  () => {
    it('gives the same bits as without them, in every function', () => {
      const narrow = outputs([OPTIMIZED]);
      expect(narrow.called.sort()).toEqual(
        narrow.functions.filter((name) => name !== 'memory' && name !== 'firstFreeAddress').sort(),
      );
      expect(outputs([OPTIMIZED, WIDE]).hashes).toEqual(narrow.hashes);
      expect(outputs([]).hashes).toEqual(narrow.hashes);
    });
  },
);

type Outputs = { functions: string[]; called: string[]; hashes: Record<string, string> };

/** Throws where Node does not know a flag. */
function outputs(flags: string[]): Outputs {
  const output = execFileSync(process.execPath, [...flags, PROGRAM], { encoding: 'utf8' });
  return JSON.parse(output) as Outputs;
}
