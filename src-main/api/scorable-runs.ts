import { errorShape } from '../../src-shared/errors.ts';
import type { ScorableRun } from '../../src-shared/jobs.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { NSS_INFO } from '../streams/registry.ts';
import { providerOfVersion } from '../streams/vision/manifest-version.ts';
import type { Services } from './services.ts';

/** Finished runs that were trained here, newest first, each with the reason why it can not score new pictures, or null. */
export async function scorableRuns(services: Services): Promise<ScorableRun[]> {
  const runs = services.reader.runs.list().filter((run) => run.status === 'done' && run.kind === 'trained');
  return Promise.all(
    runs.map(async (run) => {
      const { name, scale, synthetic } = services.reader.datasets.identity(run.dataset);
      return {
        run: run.id,
        label: run.label,
        dataset: name,
        synthetic,
        scale,
        streams: run.streams.map((s) => s.stream),
        reason: await reasonAgainst(run, services),
      };
    }),
  );
}

async function reasonAgainst(run: StoredRun, { encoders }: Services): Promise<string | null> {
  for (const { stream, version, source } of run.streams) {
    if (stream === NSS_INFO.id && version === NSS_INFO.version) continue;
    if (stream === NSS_INFO.id && version.startsWith('nss-'))
      return `It was trained on ${version}; this studio computes ${NSS_INFO.version}.`;
    if (providerOfVersion(version) === null)
      return `Its stream "${stream}" was imported (${source}) and can not be computed here.`;
    try {
      const { found } = await encoders.inspect(stream);
      if (found.state === 'missing' || found.state === 'partial' || found.state === 'mismatch')
        return `The model of its stream "${stream}" is not ready: ${found.detail ?? found.state}.`;
    } catch (error) {
      return errorShape(error).message;
    }
  }
  return null;
}
