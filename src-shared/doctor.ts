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
  providers: string[];
  checks: { name: string; ok: boolean; message: string }[];
};
