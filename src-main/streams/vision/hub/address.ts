/** Names of repositories, revisions and files: checked once, because they become URLs and paths on the disk. */
import { StudioError } from '../../../../src-shared/errors.ts';

/** One file of a model repository at a revision (branch, tag or commit). `path` has forward slashes. */
export type HubAddress = { repo: string; revision: string; path: string };

/** True for a full commit id, which never changes its meaning; a branch or tag may. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** Throws 'bad-input' unless `repo` is `name` or `owner/name`. */
export function checkRepo(repo: string): void {
  const name = String.raw`[A-Za-z0-9_][A-Za-z0-9._-]{0,95}`;
  if (!new RegExp(`^(${name}/)?${name}$`).test(repo) || repo.includes('--') || repo.includes('..'))
    throw new StudioError('bad-input', `Not a repository of the hub: "${repo}"`, {
      hint: 'A repository is written owner/name, e.g. Xenova/clip-vit-base-patch32.',
    });
}

/** Throws 'bad-input' unless `relative` is a plain relative path that stays inside its folder on every system. */
export function checkRelative(relative: string, what: 'file' | 'revision'): void {
  const segments = relative.split('/');
  const hostile = segments.some((s) => ['', '.', '..'].includes(s) || /[\\:*?"<>|\p{Cc}]/u.test(s));
  if (hostile || relative.length > 500)
    throw new StudioError('bad-input', `Not a ${what} of a hub repository: "${relative}"`, {
      hint: 'Names are relative, with forward slashes, and without "..".',
    });
}

/** `{endpoint}/{repo}/resolve/{revision}/{path}`; throws 'bad-input' for names that cannot be. */
export function resolveUrl(endpoint: string, { repo, revision, path }: HubAddress): string {
  checkRepo(repo);
  checkRelative(revision, 'revision');
  checkRelative(path, 'file');
  const file = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint}/${repo}/resolve/${encodeURIComponent(revision)}/${file}`;
}

/** `{endpoint}/api/models/{repo}/revision/{revision}?blobs=true`: the file list with sizes and hashes. */
export function treeUrl(endpoint: string, repo: string, revision: string): string {
  checkRepo(repo);
  checkRelative(revision, 'revision');
  return `${endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
}
