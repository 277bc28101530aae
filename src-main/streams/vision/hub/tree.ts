/** The file list of a model repository at a revision, with sizes and hashes. */
import { z } from 'zod';
import { StudioError } from '../../../../src-shared/errors.ts';
import { treeUrl } from './address.ts';
import { refusal } from './refused.ts';
import { hubRequest, type RequestContext } from './request.ts';

/** One file of the list. `sha256` for LFS files, `gitBlob` (sha1) for the others. Size in bytes. */
export type TreeFile = {
  path: string;
  size: number | null;
  sha256: string | null;
  gitBlob: string | null;
};

/** All files of a repository at one commit. */
export type HubTree = { commit: string; files: TreeFile[] };

const bytes = z.number().int().nonnegative();
const replySchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string().min(1),
      size: bytes.nullish(),
      blobId: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .nullish(),
      lfs: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: bytes }).nullish(),
    }),
  ),
});
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** GET /api/models/{repo}/revision/{revision}?blobs=true. Throws 'not-found', 'no-permission', 'not-available' (the
 *  reply is not a file list) and TryAgain. */
export async function hubTree({
  repo,
  revision,
  ...context
}: RequestContext & { repo: string; revision: string }): Promise<HubTree> {
  const url = treeUrl(context.settings.endpoint, repo, revision);
  const reply = await hubRequest({ ...context, url, headers: { accept: 'application/json' } });
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    if (reply.status !== 200) throw refusal(reply, `${repo} at ${revision}`);
    for await (const chunk of reply.chunks()) {
      length += chunk.length;
      if (length > MAX_REPLY_BYTES) throw notAList(repo, 'it does not end');
      parts.push(chunk);
    }
  } finally {
    reply.close();
  }
  const parsed = replySchema.safeParse(jsonOrNull(Buffer.concat(parts).toString('utf8')));
  if (!parsed.success) throw notAList(repo, z.prettifyError(parsed.error));
  return {
    commit: parsed.data.sha,
    files: parsed.data.siblings.map(({ rfilename, size, blobId, lfs }) => ({
      path: rfilename,
      size: lfs?.size ?? size ?? null,
      sha256: lfs?.sha256 ?? null,
      gitBlob: lfs ? null : (blobId ?? null), // of an LFS file, blobId is the pointer's
    })),
  };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function notAList(repo: string, why: string): StudioError {
  return new StudioError('not-available', `The file list of ${repo} cannot be understood: ${why}`, {
    hint: 'Check HF_ENDPOINT, and whether a proxy answers in its place.',
  });
}
