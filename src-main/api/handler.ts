import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { StudioError } from '../../src-shared/errors.ts';
import { REGISTER_FOLDER_PATH, registerFolder } from '../host/browse.ts';
import { errorResponse } from '../host/error-response.ts';
import type { EngineHandler } from '../host/handler.ts';
import { serveStatic } from '../host/static-files.ts';
import { eventStream } from './events.ts';
import { featuresResponse } from './feature-export.ts';
import { jobPictureResponse } from './job-pictures.ts';
import { imageResponse, referenceResponse, thumbnailResponse } from './pictures.ts';
import { appRouter } from './router.ts';
import { resultsCsvLines } from './run-export.ts';
import { artefactResponse } from './run-artefacts.ts';
import { runView } from './run-view.ts';
import { comparisonExport, scoresExport } from './score-export.ts';
import type { Services } from './services.ts';

/** Pictures by the first part of their address. */
const PICTURES = { image: imageResponse, thumb: thumbnailResponse, reference: referenceResponse };

/** The engine as a web-standard handler: API, events, pictures, exports and the built window (`rendererFolder`). */
export function createHandler(services: Services, rendererFolder: string): EngineHandler {
  return async (request, client) => {
    try {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith('/trpc/')) {
        return await fetchRequestHandler({
          endpoint: '/trpc',
          req: request,
          router: appRouter,
          createContext: () => ({ services, trust: client.trust }),
        });
      }
      if (pathname === REGISTER_FOLDER_PATH) return await registerFolder(services.folders, request, client);
      if (pathname === '/guest' && client.trust === 'local') return services.guests.enter(request);
      if (pathname === '/events') return eventStream(services, request);
      const picture = /^\/(image|thumb|reference)\/(\d+)$/.exec(pathname);
      if (picture !== null) {
        const kind = picture[1] as keyof typeof PICTURES;
        return await PICTURES[kind](services, Number(picture[2]), request);
      }
      const artefact = /^\/export\/run\/(\d+)\.(onnx|card\.json|html)$/.exec(pathname);
      if (artefact !== null)
        return await artefactResponse(services, Number(artefact[1]), artefact[2]!, request);
      const exported = /^\/export\/run\/(\d+)\.(csv|json)$/.exec(pathname);
      if (exported !== null) return exportResponse(services, Number(exported[1]), exported[2]!);
      const jobPicture = /^\/job-picture\/(\d+)\/(\d+)$/.exec(pathname);
      if (jobPicture !== null) {
        const place = { job: Number(jobPicture[1]), position: Number(jobPicture[2]) };
        return await jobPictureResponse(services, place, request);
      }
      const scores = /^\/export\/scores\/(\d+)\.(csv|json)$/.exec(pathname);
      if (scores !== null) return scoresExport(services, Number(scores[1]), scores[2]!);
      const comparison = /^\/export\/comparison\/(\d+)\.(csv|json|html)$/.exec(pathname);
      if (comparison !== null) return await comparisonExport(services, Number(comparison[1]), comparison[2]!);
      if (pathname === '/export/features') {
        const query = new URL(request.url).searchParams;
        return featuresResponse(
          services.reader,
          query.get('dataset') ?? '',
          query.get('stream') ?? '',
          query.get('format') ?? 'csv',
        );
      }
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new StudioError('not-found', `Nothing at ${pathname}`);
      return await serveStatic(rendererFolder, request);
    } catch (error) {
      return errorResponse(error);
    }
  };
}

function exportResponse({ reader }: Services, run: number, format: string): Response {
  const stored = reader.runs.get(run);
  const headers = { 'content-disposition': `attachment; filename="run-${run}.${format}"` };
  if (format === 'json') return Response.json(runView(reader, stored), { headers });
  const text = [...resultsCsvLines(reader, run)].join('');
  return new Response(text, { headers: { ...headers, 'content-type': 'text/csv; charset=utf-8' } });
}
