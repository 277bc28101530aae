import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import sharp from 'sharp';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import type { DoctorReport } from '../../src-shared/doctor.ts';
import { procedure, router } from './trpc.ts';
import type { Services } from './services.ts';

/** Settings: what this machine is and whether it can do the work. */
export const settingsRouter = router({
  doctor: procedure.query(({ ctx }) => doctor(ctx.services)),
});

const MIN_FREE_BYTES = 1e9;

async function doctor({ home, reader }: Services): Promise<DoctorReport> {
  const disk = await statfs(home.folder);
  const free = disk.bavail * disk.bsize;
  const folders = reader.datasets.list();
  const gone = folders.filter((d) => !existsSync(d.folder));
  const major = Number(process.versions.node.split('.')[0]);
  return {
    version: STUDIO_VERSION,
    node: process.version,
    platform: `${os.platform()} ${os.arch()} ${os.release()}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    freeMemoryBytes: os.freemem(),
    home: home.folder,
    homeFreeBytes: free,
    catalogBytes: (await stat(home.catalog)).size,
    sqlite: reader.sqliteVersion(),
    libvips: sharp.versions.vips,
    providers: ['cpu'],
    checks: [
      {
        name: 'Node.js',
        ok: major >= 24,
        message:
          major >= 24 ? 'Node.js 24 or newer' : 'Node.js 24 is needed: run through npm, which brings it',
      },
      {
        name: 'Disk space',
        ok: free > MIN_FREE_BYTES,
        message: `${(free / 1e9).toFixed(1)} GB free in the home`,
      },
      {
        name: 'Dataset folders',
        ok: gone.length === 0,
        message:
          gone.length === 0
            ? `${folders.length} reachable`
            : `not reachable: ${gone.map((d) => d.name).join(', ')}; import the moved folder again to relink it`,
      },
    ],
  };
}
