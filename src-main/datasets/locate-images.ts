/** Matches the names of a label file with the files of a folder: letter case and the folder in between may differ. */
import { baseName, depthOf } from './folder-index.ts';
import type { FolderIndex } from './folder-index.ts';
import type { LabelRow, LabelTable } from './label-table.ts';

/** Forward slashes, no leading "./"; null for a name that is empty, absolute or climbs out of the folder. */
export function safeName(name: string): string | null {
  const plain = name.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  if (plain === '' || plain.startsWith('/') || /^[a-z]:/i.test(plain) || plain.includes('\0')) return null;
  return plain.split('/').includes('..') ? null : plain;
}

/**
 * Sets `file` and `found` of every row (whose names safeName accepts) and returns the image folder: the one that
 * holds most of the images (ties: the reader's preference, then the shallower one), so that one dataset never mixes
 * two copies of different resolution. Where the table allows it, an image that is not there is taken from elsewhere
 * if only one file is called so.
 */
export function locateImages(
  index: FolderIndex,
  rows: LabelRow[],
  table: Pick<LabelTable, 'imageFolders' | 'mixesFolders'>,
): string {
  const folder = chooseFolder(index, rows, table.imageFolders);
  const prefix = folder === '' ? '' : `${folder}/`;
  for (const row of rows) {
    const name = safeName(row.name)!;
    const candidates = index.byBaseName.get(baseName(name).toLowerCase()) ?? [];
    const file = findFile(candidates, prefix, name, table.mixesFolders);
    row.file = file ?? prefix + name;
    row.found = file !== undefined;
  }
  return folder;
}

function findFile(candidates: string[], prefix: string, name: string, mixes: boolean): string | undefined {
  if (candidates.length === 0) return undefined;
  const wanted = prefix + name;
  if (candidates.includes(wanted)) return wanted;
  const ignoringCase = candidates.find((file) => file.toLowerCase() === wanted.toLowerCase());
  if (ignoringCase !== undefined || !mixes) return ignoringCase;
  const elsewhere = candidates.filter((candidate) => endsWithName(candidate, name));
  return elsewhere.length === 1 ? elsewhere[0] : undefined;
}

function chooseFolder(index: FolderIndex, rows: LabelRow[], preferred: string[]): string {
  const hits = new Map<string, number>();
  for (const row of rows) {
    const name = safeName(row.name)!;
    for (const file of index.byBaseName.get(baseName(name).toLowerCase()) ?? []) {
      if (!endsWithName(file, name)) continue;
      const folder = file.slice(0, Math.max(0, file.length - name.length - 1));
      hits.set(folder, (hits.get(folder) ?? 0) + 1);
    }
  }
  const rank = (folder: string): number => {
    const position = preferred.findIndex((wanted) => wanted.toLowerCase() === folder.toLowerCase());
    return position < 0 ? preferred.length : position;
  };
  const best = [...hits].sort(
    ([a, hitsA], [b, hitsB]) =>
      hitsB - hitsA || rank(a) - rank(b) || depthOf(a) - depthOf(b) || (a < b ? -1 : 1),
  )[0];
  return best?.[0] ?? preferred[0] ?? '';
}

function endsWithName(file: string, name: string): boolean {
  return file.length === name.length
    ? file.toLowerCase() === name.toLowerCase()
    : file.toLowerCase().endsWith(`/${name.toLowerCase()}`);
}
