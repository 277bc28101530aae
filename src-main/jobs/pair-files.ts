/** Which picture of one folder belongs to which of another: the same relative path but for the ending. */
import { StudioError } from '../../src-shared/errors.ts';

export type FilePair = { name: string; a: string; b: string };
export type PairedFiles = { pairs: FilePair[]; onlyA: string[]; onlyB: string[] };

/** Names in an error message; the rest is counted. */
const NAMED = 5;

/**
 * Pairs relative paths ("x/a.png" with "x/a.webp"), in the order of their names. Composed and decomposed spellings of a
 * name are one (macOS writes the latter). Throws StudioError ambiguous where a folder has one name with several endings.
 */
export function pairFiles(a: readonly string[], b: readonly string[]): PairedFiles {
  const [byNameA, byNameB] = [uniqueByName(a, 'A'), uniqueByName(b, 'B')];
  const pairs = [...byNameA].flatMap(([name, file]) => {
    const other = byNameB.get(name);
    return other === undefined ? [] : [{ name, a: file, b: other }];
  });
  return {
    pairs: pairs.sort((x, y) => compareText(x.name, y.name)),
    onlyA: unpaired(byNameA, byNameB),
    onlyB: unpaired(byNameB, byNameA),
  };
}

/** Order of code units, the same on every machine. */
export function compareText(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

function uniqueByName(files: readonly string[], folder: 'A' | 'B'): Map<string, string> {
  const byName = Map.groupBy(files, nameOf);
  const ambiguous = [...byName.values()].filter((same) => same.length > 1);
  if (ambiguous.length > 0) {
    const named = ambiguous.slice(0, NAMED).map((same) => [...same].sort(compareText).join(' and '));
    const more = ambiguous.length > NAMED ? `; and ${ambiguous.length - NAMED} more` : '';
    throw new StudioError(
      'ambiguous',
      `Folder ${folder} has several pictures of one name: ${named.join('; ')}${more}`,
      { hint: 'Pictures pair by their path without the ending: leave one of each name in the folder.' },
    );
  }
  return new Map([...byName].map(([name, [file]]) => [name, file!]));
}

function unpaired(files: Map<string, string>, others: Map<string, string>): string[] {
  return [...files].flatMap(([name, file]) => (others.has(name) ? [] : [file])).sort(compareText);
}

/** The path with forward slashes, composed, without the ending of the last part. */
function nameOf(file: string): string {
  return file
    .replaceAll('\\', '/')
    .normalize('NFC')
    .replace(/\.[^./]+$/, '');
}
