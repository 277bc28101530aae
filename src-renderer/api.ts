/** The window's only way to the engine: tRPC and a few image and export addresses, all on its own origin. */
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import type { AppRouter } from '../src-main/api/router.ts';
import type { ErrorShape } from '../src-shared/errors.ts';

/** Typed calls to the engine; every call may throw a TRPCClientError (see errorOf). */
export const api = createTRPCClient<AppRouter>({ links: [httpLink({ url: '/trpc' })] });

/** What went wrong, in the engine's own words where it answered; else that it did not. */
export function errorOf(error: unknown): ErrorShape {
  if (error instanceof TRPCClientError) {
    const studio = (error.data as { studio?: ErrorShape } | null | undefined)?.studio;
    if (studio !== undefined) return studio;
    if (error.data === null || error.data === undefined) {
      return {
        code: 'internal',
        message: 'The engine does not answer.',
        hint: 'It restarts by itself in the desktop window. In a browser, check that "studio serve" still runs.',
      };
    }
    return { code: 'internal', message: error.message };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

/** True for requests that the window itself gave up. */
export function isAborted(error: unknown): boolean {
  return error instanceof TRPCClientError && error.cause?.name === 'AbortError';
}

/** Longest side in pixels that the engine keeps thumbnails in. */
export type ThumbSize = 128 | 256 | 512;

/** Address of an image's WebP thumbnail. */
export function thumbUrl(image: number, size: ThumbSize = 256): string {
  return `/thumb/${image}?s=${size}`;
}

/** Address of an image at full size, in a format that browsers show. */
export function imageUrl(image: number): string {
  return `/image/${image}`;
}

/** Address of a picture that a finished job has scored, by its place in the result; whole without a size. */
export function jobPictureUrl(job: number, position: number, size?: ThumbSize): string {
  return `/job-picture/${job}/${position}${size === undefined ? '' : `?s=${size}`}`;
}

/** Address of what a scoring job found, as a download. */
export function scoresExportUrl(
  kind: 'scores' | 'comparison',
  job: number,
  format: 'csv' | 'json' | 'html',
): string {
  return `/export/${kind}/${job}.${format}`;
}

/** Address of the pristine picture that an image was made from (images.related says whether there is one). */
export function referenceUrl(image: number): string {
  return `/reference/${image}`;
}

/** What a finished run can be saved as: results, figures, report, model, the model's card. */
export type RunExportFormat = 'csv' | 'json' | 'html' | 'onnx' | 'card.json';

/** The content of one of a run's exports; throws the engine's own message where it refuses. */
export async function fetchRunExport(run: number, format: RunExportFormat): Promise<Blob> {
  const response = await fetch(`/export/run/${run}.${format}`);
  if (response.ok) return response.blob();
  const shape = (await response.json().catch(() => null)) as Partial<ErrorShape> | null;
  const message = shape?.message ?? `The engine answered ${response.status}.`;
  throw new Error(shape?.hint === undefined ? message : `${message}. ${shape.hint}`);
}
