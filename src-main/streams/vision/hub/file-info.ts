/** What the hub says of one file, without fetching it: commit, etag, size and where the bytes lie. */
import { StudioError } from '../../../../src-shared/errors.ts';
import { isCommit, resolveUrl, type HubAddress } from './address.ts';
import { refusal } from './refused.ts';
import { hubRequest, type RequestContext } from './request.ts';

/** Facts of a file at a commit (spec/encoders.md, hub protocol). */
export type FileInfo = {
  commit: string;
  /** Name of the blob: sha256 of an LFS file, git blob sha1 of a small one; other hubs may use other words. */
  etag: string;
  /** True when the etag is the content's (X-Linked-Etag), whatever ETag the body is sent with. */
  linked: boolean;
  /** Bytes. */
  size: number;
  /** Address of the bytes: the hub's own, or a signed one on another host. */
  url: string;
};

/** HEAD of a file; redirects to other hosts are noted, not followed. Throws 'not-found', 'no-permission',
 *  'not-available' (not a hub) and TryAgain. */
export async function fileInfo({
  address,
  ...context
}: RequestContext & { address: HubAddress }): Promise<FileInfo> {
  const url = resolveUrl(context.settings.endpoint, address);
  const what = `${address.path} of ${address.repo} at ${address.revision}`;
  const reply = await hubRequest({ ...context, url, method: 'HEAD', stopAtOtherHost: true });
  reply.close();
  const redirected = reply.status >= 300 && reply.status < 400;
  if (!redirected && reply.status !== 200) throw refusal(reply, what);

  const header = (name: string) =>
    [reply.headers, ...reply.passed].map((h) => h.get(name)).find((v) => v !== null) ?? null;
  const commit = header('x-repo-commit')?.toLowerCase() ?? '';
  const linkedEtag = header('x-linked-etag');
  const etag = plainEtag(linkedEtag ?? reply.headers.get('etag'));
  const size = Number(
    header('x-linked-size') ?? (redirected ? null : reply.headers.get('content-length')) ?? Number.NaN,
  );
  if (!isCommit(commit) || etag === null || !Number.isSafeInteger(size) || size < 0)
    throw new StudioError(
      'not-available',
      `${context.settings.endpoint} does not answer like a hub: no ${!isCommit(commit) ? 'commit' : etag === null ? 'usable etag' : 'size'} for ${what}`,
      { hint: 'Check HF_ENDPOINT, and whether a proxy answers in its place.' },
    );
  const location = redirected ? reply.headers.get('location') : null;
  return { commit, etag, linked: linkedEtag !== null, size, url: new URL(location ?? url, url).href };
}

/** An ETag header without weak prefix and quotes; null where it is missing or cannot name a file. */
export function plainEtag(header: string | null): string | null {
  const etag = header
    ?.trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
  return etag !== undefined && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(etag) ? etag : null;
}
