import { initTRPC, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { StudioError, errorShape, type ErrorShape } from '../../src-shared/errors.ts';
import type { ClientTrust } from '../host/handler.ts';
import type { Services } from './services.ts';

/** What every procedure gets: the services, and whether the client may name paths. */
export type ApiContext = { services: Services; trust: ClientTrust };

const t = initTRPC.context<ApiContext>().create({
  errorFormatter: ({ shape, error }) => ({ ...shape, data: { ...shape.data, studio: studioShape(error) } }),
});

/** The ErrorShape that travels with every failed call, as `error.data.studio`. */
export function studioShape(error: TRPCError): ErrorShape {
  if (error.cause instanceof StudioError) return error.cause.toShape();
  if (error.cause instanceof z.ZodError) return { code: 'bad-input', message: z.prettifyError(error.cause) };
  if (error.code === 'NOT_FOUND' || error.code === 'METHOD_NOT_SUPPORTED')
    return { code: 'not-found', message: error.message };
  if (error.code === 'PARSE_ERROR' || error.code === 'BAD_REQUEST')
    return { code: 'bad-input', message: error.message };
  return errorShape(error.cause ?? error);
}

/** Slower answers are logged: the thread of the API must stay free. */
const SLOW_CALL_MS = 100;

export const router = t.router;
/** A procedure whose failures and slow calls are logged. */
export const procedure = t.procedure.use(async ({ ctx, path, next }) => {
  const started = performance.now();
  const result = await next();
  const ms = Math.round(performance.now() - started);
  if (!result.ok) {
    const shape = studioShape(result.error);
    const log = shape.code === 'internal' ? ctx.services.log.error : ctx.services.log.info;
    log('call failed', {
      path,
      ms,
      ...shape,
      ...(shape.code === 'internal' ? { stack: result.error.cause?.stack } : {}),
    });
  } else if (ms > SLOW_CALL_MS) ctx.services.log.warn('slow call', { path, ms });
  return result;
});

export const idInput = z.strictObject({ id: z.number().int() });
export const runInput = z.strictObject({ run: z.number().int() });

/** A folder: an id from the folder browser or the native dialog; a path only from the command line. */
export const folderInput = z.union([
  z.strictObject({ id: z.string().min(1) }),
  z.strictObject({ path: z.string().min(1) }),
]);

/** The real path of a folder input; throws StudioError forbidden where a page names a path. */
export async function folderPath(
  folder: z.infer<typeof folderInput>,
  { services, trust }: ApiContext,
): Promise<string> {
  if ('id' in folder) return services.folders.pathOf(folder.id);
  requireLocal(trust);
  return folder.path;
}

/** Throws StudioError forbidden unless the client is the command line. */
export function requireLocal(trust: ClientTrust): void {
  if (trust === 'local') return;
  throw new StudioError('forbidden', 'A page can not name paths of this machine', {
    hint: 'Choose the folder in the folder browser.',
  });
}
