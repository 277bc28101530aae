/** Errors on the wire: an HTTP status and the plain form of a StudioError as JSON. */
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { ErrorCode, ErrorShape } from '../../src-shared/errors.ts';

const STATUS: Record<ErrorCode, number> = {
  'bad-input': 400,
  'unreadable-image': 404,
  'unsupported-image': 404,
  'not-found': 404,
  conflict: 409,
  ambiguous: 409,
  'not-comparable': 409,
  'not-available': 501,
  'no-permission': 403,
  'no-space': 507,
  busy: 409,
  'version-mismatch': 409,
  forbidden: 403,
  cancelled: 409,
  corrupt: 500,
  internal: 500,
};

/** A thrown value as a JSON response whose body is an ErrorShape; `status` overrides the code's own. */
export function errorResponse(error: unknown, status?: number): Response {
  const shape = errorShape(error);
  return Response.json(shape, {
    status: status ?? STATUS[shape.code],
    headers: { 'cache-control': 'no-store' },
  });
}

/** The StudioError whose plain form a text is as JSON, null where it is something else. */
export function parseErrorShape(text: string): StudioError | null {
  try {
    const shape = JSON.parse(text) as Partial<ErrorShape> | null;
    const known =
      typeof shape?.code === 'string' && shape.code in STATUS && typeof shape.message === 'string';
    return known ? StudioError.fromShape(shape as ErrorShape) : null;
  } catch {
    return null;
  }
}

/** The StudioError that a failed response carries; 'internal' where the body is not an ErrorShape. Reads the body. */
export async function responseError(response: Response): Promise<StudioError> {
  const text = await response.text();
  const told = `The engine answered ${response.status}: ${text.slice(0, 200)}`;
  return parseErrorShape(text) ?? new StudioError('internal', told);
}
