import type { HubFacts } from './encoders.ts';

/** What `studio doctor` and the settings page report about this machine. */
export type DoctorReport = {
  version: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  freeMemoryBytes: number;
  home: string;
  homeFreeBytes: number;
  catalogBytes: number;
  sqlite: string;
  libvips: string;
  /** Execution providers that ONNX Runtime was built with; whether one works, a probe says. */
  providers: string[];
  /** Threads of a run on the CPU. */
  threads: number;
  hub: HubFacts & {
    /** Null in offline mode: nobody asked. */
    reachable: boolean | null;
    message: string;
    cacheFreeBytes: number | null;
  };
  checks: { name: string; ok: boolean; message: string }[];
};
