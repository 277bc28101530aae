/** Execution providers of ONNX Runtime: what this machine may have, and in which order they are tried. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import type { Device, Provider } from '../../../src-shared/encoders.ts';
import { StudioError } from '../../../src-shared/errors.ts';

/** Best first (spec encoders.md, "Execution providers"). */
const BEST_FIRST: readonly Provider[] = ['cuda', 'coreml', 'dml', 'webgpu', 'cpu'];

/** The providers to try for a device, of those that this build of ONNX Runtime knows; "auto" ends with the CPU.
 *  Throws 'not-available' where the one that was asked for is not among them. */
export function candidateProviders(device: Device, backends: readonly string[]): Provider[] {
  const known = BEST_FIRST.filter((provider) => provider === 'cpu' || backends.includes(provider));
  if (device === 'auto') return known;
  if (known.includes(device)) return [device];
  throw new StudioError('not-available', `ONNX Runtime has no provider "${device}" on this system`, {
    hint: `Choose one of: auto, ${known.join(', ')}.`,
  });
}

const ENTRY = fileURLToPath(new URL('./list-backends.ts', import.meta.url));
let backends: Promise<string[]> | null = null;

/** Providers that ONNX Runtime was built with here, asked once of a child process. Throws 'internal'. */
export function supportedBackends(): Promise<string[]> {
  backends ??= promisify(execFile)(process.execPath, [ENTRY], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  })
    .then(({ stdout }) => JSON.parse(stdout) as string[])
    .catch((error: unknown) => {
      backends = null;
      throw new StudioError('internal', `ONNX Runtime does not start: ${(error as Error).message}`, {
        hint: 'Install the studio again; docs/encoders.md names the systems it runs on.',
      });
    });
  return backends;
}
