/** Execution providers by the names that people know. */
import type { Provider } from '../src-shared/encoders.ts';

/** Provider -> what it is called. */
export const PROVIDERS: Record<Provider, string> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  coreml: 'Core ML',
  dml: 'DirectML',
};
