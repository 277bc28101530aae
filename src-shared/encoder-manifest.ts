/** An encoder's manifest: all that the runner must know about a frozen vision encoder (docs/encoders.md). */
import { z } from 'zod';
import { StudioError } from './errors.ts';
import { nearest } from './experiment-spec.ts';

/** Streams that are no encoders: a manifest can not take their ids. */
const RESERVED_IDS = ['nss'];

/** A path inside a repository or folder: relative, with forward slashes, never upwards. */
const relativePath = z
  .string()
  .max(500)
  .regex(/^[^/\\:\0]+(\/[^/\\:\0]+)*$/, 'must be a relative path with forward slashes')
  .refine((p) => !p.split('/').some((part) => part === '.' || part === '..'), 'must not contain "." or ".."');

const file = z.strictObject({
  path: relativePath,
  bytes: z.int().positive().nullable(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
    .nullable(),
  role: z.enum(['model', 'external']),
});

const perChannel = z.tuple([z.number(), z.number(), z.number()]);
const side = z.int().min(8).max(2048);
const tone = {
  filter: z.enum(['bicubic', 'bilinear']),
  mean: perChannel,
  std: perChannel.refine((std) => std.every((s) => s > 0), 'must be positive'),
};

const preprocessing = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('squash'), size: side, ...tone }),
  z.strictObject({ mode: z.literal('shortest-side-crop'), size: side, cropSize: side, ...tone }),
]);

/** The schema of a manifest; every field is required, what is not known is null. */
export const encoderManifestSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{1,63}$/, 'must be 2 to 64 of a-z, 0-9 and "-"')
      .refine((id) => !RESERVED_IDS.includes(id), 'is the id of another stream'),
    title: z.string().trim().min(1).max(120),
    hub: z
      .strictObject({
        repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/name'),
        revision: z
          .string()
          .regex(/^[\w.-]+$/, 'must be a commit, tag or branch')
          .nullable(),
      })
      .nullable(),
    files: z
      .array(file)
      .refine(
        (files) => files.filter((f) => f.role === 'model').length === 1,
        'must hold exactly one file of role "model"',
      )
      .refine(
        (files) => new Set(files.map((f) => f.path)).size === files.length,
        'must not name a file twice',
      ),
    input: z.strictObject({
      name: z.string().min(1),
      layout: z.literal('NCHW'),
      dtype: z.enum(['float32', 'float16']),
      batch: z.union([z.int().min(1).max(4096), z.literal('dynamic'), z.null()]),
    }),
    preprocessing,
    output: z.strictObject({
      name: z.string().min(1),
      dimension: z.int().min(1).max(65536),
      row: z.int().min(0).nullable(),
      normalised: z.boolean(),
    }),
    licence: z.string().min(1),
    sources: z.array(z.strictObject({ fact: z.string().min(1), source: z.string().min(1) })).min(1),
  })
  .refine(({ preprocessing: p }) => p.mode === 'squash' || p.cropSize <= p.size, {
    path: ['preprocessing', 'cropSize'],
    message: 'must not exceed size',
  });

/**
 * A checked manifest. `hub` null: a model of the user's own. `files[].bytes` and `sha256` null: not known before the
 * download, enforced from then on. `input.batch`: images per run, "dynamic", or null: the model file says.
 * `output.row`: which token of [batch, tokens, dimension] is the embedding; null: the output is [batch, dimension].
 */
export type EncoderManifest = z.infer<typeof encoderManifestSchema>;

/** How a crop becomes the input tensor (spec encoders.md, "Preprocessing"). */
export type EncoderPreprocessing = EncoderManifest['preprocessing'];

/** Problems that an error names; a file of another kind would have dozens. */
const MAX_PROBLEMS = 3;

/** Checks a manifest; throws StudioError 'bad-input' that names the file, the first wrong fields and what they must be. */
export function parseEncoderManifest(json: unknown, manifestFile: string): EncoderManifest {
  const parsed = encoderManifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(describeIssue);
  const more = problems.length - MAX_PROBLEMS;
  const named = problems.slice(0, MAX_PROBLEMS).join('; ') + (more > 0 ? `; and ${more} more` : '');
  throw new StudioError('bad-input', `Encoder manifest ${manifestFile}: ${named}`, {
    file: manifestFile,
    hint: 'Correct the manifest; docs/encoders.md explains every field.',
  });
}

/** Side of the square input tensor in pixels. */
export function tensorSide(p: EncoderPreprocessing): number {
  return p.mode === 'squash' ? p.size : p.cropSize;
}

/** The file that holds the graph. */
export function modelFile(manifest: EncoderManifest): EncoderManifest['files'][number] {
  const found = manifest.files.find((f) => f.role === 'model');
  if (found === undefined) throw new Error(`manifest "${manifest.id}" was not checked: it has no model`);
  return found;
}

const KNOWN_FIELDS = [
  ...Object.keys(encoderManifestSchema.shape),
  ...['repository', 'revision', 'path', 'bytes', 'sha256', 'role', 'name', 'layout', 'dtype', 'batch'],
  ...[
    'mode',
    'size',
    'cropSize',
    'filter',
    'mean',
    'std',
    'dimension',
    'row',
    'normalised',
    'fact',
    'source',
  ],
];

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${at === '' ? 'the whole' : `"${at}"`}: ${issue.message}`];
  return issue.keys.map((key) => {
    const near = nearest(key, KNOWN_FIELDS);
    const hint = near === null || near === key ? '' : ` (did you mean "${near}"?)`;
    return `unknown field "${at === '' ? key : `${at}.${key}`}"${hint}`;
  });
}
