import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import sharp from 'sharp';
import { z } from 'zod';
import { errorShape } from '../../src-shared/errors.ts';
import { megabytes, sizeLimitName, type SizeLimits } from '../../src-shared/size-limits.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import type { DoctorReport } from '../../src-shared/doctor.ts';
import { procedure, router } from './trpc.ts';
import { supportedBackends } from '../streams/vision/devices.ts';
import { DISK, existingFolder } from '../streams/vision/hub/disk.ts';
import type { HubSettings } from '../streams/vision/hub/settings.ts';
import type { Services } from './services.ts';

/** Settings: what this machine is and whether it can do the work; how large caches may grow. */
export const settingsRouter = router({
  doctor: procedure.query(({ ctx }) => doctor(ctx.services)),
  limits: procedure.query(({ ctx }) => limits(ctx.services)),
  /** Stores a limit (null: its default) and applies it at once; a variable that overrides it still holds. */
  setLimit: procedure
    .input(z.strictObject({ name: sizeLimitName, megabytes: megabytes.nullable() }))
    .mutation(async ({ ctx: { services }, input }) => {
      const { settings, thumbnails, neighbours } = services;
      settings.setLimit(input.name, input.megabytes);
      const cache = input.name === 'thumbnails' ? thumbnails : neighbours;
      await cache.setBudget(settings.bytes(input.name));
      return limits(services);
    }),
  /** Deletes all kept thumbnails; they are made again when they are shown. */
  emptyThumbnails: procedure.mutation(({ ctx }) => ctx.services.thumbnails.empty()),
});

async function limits({ settings, thumbnails, neighbours }: Services): Promise<SizeLimits> {
  return {
    thumbnails: { ...settings.limit('thumbnails'), usedBytes: await thumbnails.bytes() },
    neighbours: { ...settings.limit('neighbours'), usedBytes: neighbours.bytes },
  };
}

const MIN_FREE_BYTES = 1e9;
const HUB_TIMEOUT_MS = 3000;

async function doctor({ home, reader, encoders, settings }: Services): Promise<DoctorReport> {
  const providers = await supportedBackends().catch((error: unknown) => errorShape(error).message);
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
    providers: typeof providers === 'string' ? [] : providers,
    threads: os.availableParallelism(),
    hub: await hubReport(encoders.settings),
    checks: [
      {
        name: 'Node.js',
        ok: major >= 24,
        message:
          major >= 24 ? 'Node.js 24 or newer' : 'Node.js 24 is needed: run through npm, which brings it',
      },
      {
        name: 'ONNX Runtime',
        ok: typeof providers !== 'string',
        message: typeof providers === 'string' ? providers : `built with ${providers.join(', ')}`,
      },
      {
        name: 'Disk space',
        ok: free > MIN_FREE_BYTES,
        message: `${(free / 1e9).toFixed(1)} GB free in the home`,
      },
      {
        name: 'Settings',
        ok: settings.problem === null,
        message: settings.problem ?? 'as set in this window, else the defaults',
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

/** The hub is needed for downloads only, so that one out of reach is no failure. */
async function hubReport({
  endpoint,
  offline,
  token,
  cacheFolder,
}: HubSettings): Promise<DoctorReport['hub']> {
  const facts = {
    endpoint,
    offline,
    token: token !== null,
    cacheFolder,
    cacheFreeBytes: await DISK.freeBytes(await existingFolder(cacheFolder)),
  };
  if (offline) return { ...facts, reachable: null, message: 'offline mode (HF_HUB_OFFLINE)' };
  try {
    await fetch(endpoint, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(HUB_TIMEOUT_MS),
    });
    return { ...facts, reachable: true, message: 'reachable' };
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
    return { ...facts, reachable: false, message: `not reachable (${cause}); only downloads need it` };
  }
}
