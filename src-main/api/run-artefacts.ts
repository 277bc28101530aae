/** What a finished run leaves the studio as: its model, the model's card, its report. */
import { createHash } from 'node:crypto';
import os from 'node:os';
import { StudioError } from '../../src-shared/errors.ts';
import type { RunCard } from '../../src-shared/run-card.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import { compute } from '../experiments/compute.ts';
import type { ExportedRun } from '../experiments/export-run.ts';
import { requireHeads } from '../experiments/run-heads.ts';
import { makeRunCard } from '../reports/run-card.ts';
import { renderRunReport } from '../reports/run-report.ts';
import { FIVE_CROP_RULE } from '../streams/vision/crops.ts';
import { modelDigest, providerOfVersion } from '../streams/vision/manifest-version.ts';
import { versionOf } from '../streams/vision/encoders.ts';
import { thumbnailUrl } from './pictures.ts';
import { runDetail } from './run-view.ts';
import type { Services } from './services.ts';

/** Largest errors that a report shows. */
const WORST_IMAGES = 12;

/** GET /export/run/:id.onnx, .card.json and .html, as downloads. */
export async function artefactResponse(
  services: Services,
  run: number,
  format: string,
  request: Request,
): Promise<Response> {
  const type = CONTENT_TYPES[format]!;
  const body = await MAKERS[format]!(services, run, request.signal);
  const name = `run-${run}.${format}`;
  return new Response(body, {
    headers: { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` },
  });
}

type Maker = (
  services: Services,
  run: number,
  signal: AbortSignal,
) => Promise<string | Uint8Array<ArrayBuffer>>;
const MAKERS: Record<string, Maker> = {
  onnx: async (services, run, signal) => new Uint8Array((await exportModel(services, run, signal)).onnx),
  'card.json': async (services, run, signal) =>
    `${JSON.stringify(await cardOf(services, run, signal), null, 2)}\n`,
  html: reportOf,
};
const CONTENT_TYPES: Record<string, string> = {
  onnx: 'application/octet-stream',
  'card.json': 'application/json',
  html: 'text/html; charset=utf-8',
};

/** The model, made and checked in a compute process; the same bytes every time. */
async function exportModel(
  { reader, home }: Services,
  run: number,
  signal: AbortSignal,
): Promise<ExportedRun> {
  requireHeads(reader.runs.get(run));
  let exported: ExportedRun | null = null;
  await compute(
    { kind: 'export', catalog: home.catalog, run },
    {
      signal,
      onMessage(message) {
        if (message.type === 'exported') exported = message.exported;
      },
    },
  );
  if (exported === null) throw new StudioError('internal', `The export of run ${run} gave no model`);
  return exported;
}

async function cardOf(services: Services, id: number, signal: AbortSignal): Promise<RunCard> {
  const { onnx, runtime, ...facts } = await exportModel(services, id, signal);
  const run = runDetail(services.reader, id);
  return makeRunCard({
    run,
    targetLabel: services.reader.runs.get(id).targetLabel,
    model: {
      file: `run-${id}.onnx`,
      bytes: onnx.length,
      sha256: createHash('sha256').update(onnx).digest('hex'),
      ...facts,
    },
    encoders: Object.fromEntries(run.streams.map((s) => [s.stream, encoderOf(services, s)])),
    machine: machineFacts(),
    versions: { studio: STUDIO_VERSION, node: process.version, onnxruntime: runtime },
    date: new Date(),
  });
}

function machineFacts(): RunCard['machine'] {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    platform: `${os.platform()} ${os.arch()} ${os.release()}`,
    provider: 'cpu',
  };
}

/** Manifest and model files of the encoder, where those of this home are the very ones that the stream's version names. */
function encoderOf(
  { encoders, reader }: Services,
  { stream, version }: { stream: string; version: string },
): RunCard['streams'][number]['encoder'] {
  const provider = providerOfVersion(version);
  const stored = reader.encoders.model(stream);
  if (provider === null || stored === null || stored.files.length === 0 || !encoders.has(stream)) return null;
  const { manifest } = encoders.get(stream);
  const current = versionOf({ manifest, digest: modelDigest(stored.files) }, provider);
  return current === version ? { manifest, crops: FIVE_CROP_RULE, files: stored.files } : null;
}

async function reportOf(services: Services, id: number, signal: AbortSignal): Promise<string> {
  const { reader } = services;
  const stored = reader.runs.get(id);
  if (stored.status !== 'done') {
    throw new StudioError('bad-input', `Run ${id} has no results to report (${stored.status})`, {
      hint: 'Wait until it is done, or retry its job: studio jobs.',
    });
  }
  const gates = Map.groupBy(reader.runs.gates(id), (gate) => gate.image);
  const images = reader.runs.predictions(id).map(({ image, mos, prediction, distortion }) => ({
    mos,
    prediction,
    distortion,
    gates: Object.fromEntries((gates.get(image) ?? []).map((g) => [g.stream, g.gate])),
  }));
  const worst = await Promise.all(
    reader.runs
      .worst(id, WORST_IMAGES)
      .map(async (image) => ({ ...image, thumbnail: await thumbnailUrl(services, image.image, signal) })),
  );
  return renderRunReport({
    run: runDetail(reader, id),
    images,
    worst,
    targetLabel: stored.targetLabel,
    versions: { 'BIQA Studio': STUDIO_VERSION, 'Node.js': process.version },
    date: new Date(),
  });
}
