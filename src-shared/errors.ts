/** Every error that a person may meet has a code, the file it is about, and a hint that says what to do. */

export const ERROR_CODES = [
  'bad-input', // a value, file or spec that the user gave is wrong
  'unreadable-image', // a file that no decoder accepts; the job goes on
  'unsupported-image', // readable, but refused with a reason (CMYK, over 100 MP, under 32 px)
  'not-found', // a dataset, run, image, job or file that is not there
  'conflict', // e.g. a name that is taken, conflicting duplicate labels
  'ambiguous', // the reader needs a choice: columns, scale, format
  'not-comparable', // runs that have no images, or no labels, in common
  'not-available', // a field or protocol that a later version fills in
  'no-permission', // the OS refused
  'no-space', // the disk is full
  'busy', // another engine holds the home
  'version-mismatch', // client and engine of different versions
  'forbidden', // token, Host, Origin or path outside --root
  'cancelled', // the user cancelled
  'corrupt', // a file of the studio's own does not hold what it should
  'internal', // our fault
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What crosses process borders: the plain form of a StudioError. */
export type ErrorShape = {
  code: ErrorCode;
  message: string;
  hint?: string;
  file?: string;
  /** Which fields of a spec are wrong, where it is known. */
  fields?: FieldError[];
};
/** One wrong field by its path from the top ("ablation.3.streams"; "" is the whole). */
export type FieldError = { path: string; message: string };

/** The one error class of the studio. `message` says what happened, `hint` the remedy, `file` to which file. */
export class StudioError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly file: string | undefined;
  readonly fields: FieldError[] | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; file?: string; fields?: FieldError[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StudioError';
    this.code = code;
    this.hint = options.hint;
    this.file = options.file;
    this.fields = options.fields;
  }

  /** The plain form, safe to send over IPC, HTTP or into the catalog. */
  toShape(): ErrorShape {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.file === undefined ? {} : { file: this.file }),
      ...(this.fields === undefined ? {} : { fields: this.fields }),
    };
  }

  /** Rebuilds an error from its plain form. */
  static fromShape(shape: ErrorShape): StudioError {
    return new StudioError(shape.code, shape.message, {
      ...(shape.hint === undefined ? {} : { hint: shape.hint }),
      ...(shape.file === undefined ? {} : { file: shape.file }),
      ...(shape.fields === undefined ? {} : { fields: shape.fields }),
    });
  }
}

/** Any thrown value as an ErrorShape; OS errors (EACCES, ENOSPC, ENOENT) get their code and a remedy. */
export function errorShape(error: unknown, file?: string): ErrorShape {
  if (error instanceof StudioError)
    return { ...error.toShape(), ...((error.file ?? file) ? { file: error.file ?? file! } : {}) };
  const where = file === undefined ? {} : { file };
  const os = error as { code?: string; message?: string; path?: string };
  const path = os?.path ?? file;
  const at = path === undefined ? {} : { file: path };
  switch (os?.code) {
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'no-permission',
        message: `No permission to open ${path ?? 'the file'}`,
        hint: 'Give this user read access, or choose another folder.',
        ...at,
      };
    case 'ENOSPC':
      return {
        code: 'no-space',
        message: 'The disk is full',
        hint: 'Free some space and resume the job; finished work is kept.',
        ...at,
      };
    case 'ENOENT':
      return {
        code: 'not-found',
        message: `Not found: ${path ?? 'the file'}`,
        hint: 'Check the path; if the folder moved, import it again to relink it.',
        ...at,
      };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, ...where };
}
