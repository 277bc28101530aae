import { z } from 'zod';
import { DEVICES } from '../../src-shared/encoders.ts';
import type { EncoderFile, EncoderList, EncoderRemoval, EncoderView } from '../../src-shared/encoders.ts';
import type { EncoderFolder } from '../../src-shared/encoder-folder.ts';
import { parseEncoderManifest, tensorSide } from '../../src-shared/encoder-manifest.ts';
import type { EncoderManifest } from '../../src-shared/encoder-manifest.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { JobKind } from '../../src-shared/jobs.ts';
import type { EncoderPayload, ProbePayload } from '../jobs/encoders.ts';
import type { ExtractPayload } from '../jobs/extract.ts';
import { lookIntoFolder } from '../streams/vision/encoder-folder.ts';
import { versionOf } from '../streams/vision/encoders.ts';
import type { InspectedEncoder } from '../streams/vision/encoders.ts';
import { modelDigest } from '../streams/vision/manifest-version.ts';
import { readManifest } from '../streams/vision/manifests.ts';
import { localModelFiles } from '../streams/vision/model-files.ts';
import { procedure, requireLocal, router } from './trpc.ts';
import type { Services } from './services.ts';

/** A plain name; FolderBrowser.fileIn refuses what leads elsewhere. */
const fileName = z.string().min(1).max(255);
const encoderInput = z.strictObject({ id: z.string().min(1) });

/** Encoders: what there is and in which state; download, check, probe, add and remove. */
export const encodersRouter = router({
  list: procedure.query(async ({ ctx: { services } }): Promise<EncoderList> => {
    const { encoders, problems } = await services.encoders.inspectAll();
    return {
      encoders: encoders.map((encoder) => view(services, encoder)),
      problems,
      hub: services.encoders.hub,
    };
  }),

  get: procedure
    .input(encoderInput)
    .query(async ({ ctx: { services }, input }) => view(services, await services.encoders.inspect(input.id))),

  /** Paths: only from the command line. A local model is hashed by the job, if there is one. */
  add: procedure
    .input(z.strictObject({ manifest: z.string().min(1), model: z.string().min(1).nullable() }))
    .mutation(async ({ ctx: { services, trust }, input }): Promise<{ id: string; job: number | null }> => {
      requireLocal(trust);
      return add(services, readManifest(input.manifest), input.model, input.manifest);
    }),

  /** The manifests and models in a folder (not in those below it), and which fit which. */
  inFolder: procedure
    .input(z.strictObject({ folder: z.string().min(1) }))
    .query(async ({ ctx: { services }, input: { folder } }): Promise<EncoderFolder> => {
      const { path, encoderFiles } = await services.folders.list(folder);
      const placeOf = (file: string) => services.folders.placeOf(folder, file);
      return { id: folder, path, ...(await lookIntoFolder(path, encoderFiles, placeOf)) };
    }),

  /** Adds from a folder, by names of files in it: a manifest that lies there or was written in the window, and a model.
   *  No file of it may lie outside of what may be browsed. */
  addFromFolder: procedure
    .input(
      z.strictObject({
        folder: z.string().min(1),
        manifest: z.union([
          z.strictObject({ file: fileName }),
          z.strictObject({ written: z.record(z.string(), z.unknown()) }),
        ]),
        model: fileName.nullable(),
      }),
    )
    .mutation(async ({ ctx: { services }, input }): Promise<{ id: string; job: number | null }> => {
      const { folders } = services;
      const origin =
        'file' in input.manifest ? await folders.fileIn(input.folder, input.manifest.file) : null;
      const manifest =
        'written' in input.manifest
          ? parseEncoderManifest(input.manifest.written, 'written here')
          : readManifest(origin!);
      if (input.model === null) return add(services, manifest, null, origin);
      const model = await folders.fileIn(input.folder, input.model);
      await folders.requireInside(input.folder, await localModelFiles(manifest, model));
      return add(services, manifest, model, origin);
    }),

  download: procedure.input(encoderInput).mutation(async ({ ctx: { services }, input }) => ({
    job: await start(services, 'download', { encoder: services.encoders.get(input.id).manifest.id }),
  })),

  verify: procedure.input(encoderInput).mutation(async ({ ctx: { services }, input }) => ({
    job: await start(services, 'verify', { encoder: services.encoders.get(input.id).manifest.id }),
  })),

  probe: procedure
    .input(encoderInput.extend({ device: z.enum(DEVICES).default('auto') }))
    .mutation(async ({ ctx: { services }, input: { id, device } }) => {
      await services.encoders.require(id);
      return { job: await start(services, 'probe', { encoder: id, device }) };
    }),

  /** What `remove` would take away and leave; for the question before it. */
  removal: procedure
    .input(encoderInput)
    .query(({ ctx: { services }, input }): Promise<EncoderRemoval> => services.encoders.removal(input.id)),

  remove: procedure
    .input(encoderInput)
    .mutation(async ({ ctx: { services }, input }): Promise<EncoderRemoval> => {
      requireIdle(services, input.id);
      const removed = await services.encoders.remove(input.id);
      services.events.emit({ type: 'changed', noun: 'encoders' });
      services.events.emit({ type: 'changed', noun: 'streams' });
      return removed;
    }),
});

async function add(
  services: Services,
  manifest: EncoderManifest,
  model: string | null,
  origin: string | null,
): Promise<{ id: string; job: number | null }> {
  await services.encoders.add(manifest, model, origin);
  services.events.emit({ type: 'changed', noun: 'encoders' });
  const { id } = manifest;
  return { id, job: model === null ? null : await start(services, 'verify', { encoder: id }) };
}

const TITLE = { download: 'Download', verify: 'Verify', probe: 'Probe devices for' } as const;

/** Queues a job on an encoder; one of the kind that is on its way is joined (and resumed where it is paused) instead. */
async function start(
  { queue }: Services,
  kind: keyof typeof TITLE,
  payload: EncoderPayload | ProbePayload,
): Promise<number> {
  const live = queue.findLive((job) => job.kind === kind && worksOn(job, payload.encoder));
  if (live === null) return queue.add(kind, `${TITLE[kind]} ${payload.encoder}`, payload);
  if (queue.get(live).status === 'paused') await queue.act(live, 'resume');
  return live;
}

function worksOn(job: { kind: JobKind; payload: unknown }, encoder: string): boolean {
  return job.kind in TITLE && (job.payload as EncoderPayload).encoder === encoder;
}

function requireIdle({ queue }: Services, encoder: string): void {
  const live = queue.findLive(
    (job) =>
      worksOn(job, encoder) ||
      (job.kind === 'extract' && (job.payload as ExtractPayload).streams.includes(encoder)),
  );
  if (live === null) return;
  throw new StudioError('conflict', `Job ${live} is using encoder "${encoder}"`, {
    hint: `Cancel it first: studio jobs cancel ${live}.`,
  });
}

function view(
  { reader, queue }: Services,
  { manifest, builtIn, stored, found }: InspectedEncoder,
): EncoderView {
  const { id, title, licence, hub, input, output, preprocessing, sources } = manifest;
  const files = filesOf({ manifest, stored, found });
  const sizes = files.map(({ bytes }) => bytes);
  const hashed = stored !== null && stored.files.length > 0;
  return {
    id,
    title,
    builtIn,
    licence,
    dimension: output.dimension,
    inputSize: tensorSide(preprocessing),
    precision: input.dtype,
    repository: hub?.repository ?? null,
    revision: hub?.revision ?? null,
    state: found.state,
    detail: found.detail,
    files,
    bytes: sizes.every((bytes) => bytes !== null) ? sizes.reduce((a, b) => a + b, 0) : null,
    bytesThere: found.files.reduce((sum, file) => sum + file.bytes, found.partBytes),
    localModel: found.source !== null && 'local' in found.source ? found.source.local : null,
    version: hashed
      ? versionOf({ manifest, digest: modelDigest(stored.files) }, stored.provider ?? 'cpu')
      : null,
    provider: stored?.provider ?? null,
    features: reader.encoders.usage(id),
    job: queue.findLive((job) => worksOn(job, id)),
    sources,
  };
}

/** Files of the manifest, and those that the graph names; sizes and hashes as far as they are known. */
function filesOf({
  manifest,
  stored,
  found,
}: Pick<InspectedEncoder, 'manifest' | 'stored' | 'found'>): EncoderFile[] {
  const paths = [...manifest.files.map((f) => f.path), ...found.files.map((f) => f.path), ...found.missing];
  return [...new Set(paths)].map((path): EncoderFile => {
    const pinned = manifest.files.find((f) => f.path === path);
    const recorded = stored?.files.find((f) => f.path === path);
    const there = found.files.find((f) => f.path === path)?.bytes ?? 0;
    return {
      path,
      bytes: recorded?.bytes ?? pinned?.bytes ?? (there > 0 ? there : null),
      sha256: recorded?.sha256 ?? pinned?.sha256 ?? null,
      there,
    };
  });
}
