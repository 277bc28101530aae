import { describe, expect, it } from 'vitest';
import { collapseDuplicates } from '../../src-main/datasets/duplicates.ts';
import type { FolderIndex } from '../../src-main/datasets/folder-index.ts';
import { baseName } from '../../src-main/datasets/folder-index.ts';
import { blankRow } from '../../src-main/datasets/label-table.ts';
import type { LabelRow } from '../../src-main/datasets/label-table.ts';
import { locateImages, safeName } from '../../src-main/datasets/locate-images.ts';

function indexOf(...files: string[]): FolderIndex {
  const byBaseName = new Map<string, string[]>();
  for (const file of files) {
    const key = baseName(file).toLowerCase();
    byBaseName.set(key, [...(byBaseName.get(key) ?? []), file]);
  }
  return { folder: '/d', files, byBaseName, closed: [] };
}

function located(
  files: string[],
  names: string[],
  imageFolders: string[],
  mixesFolders = false,
): (string | null)[] {
  const rows = names.map((name, i) => blankRow(i + 2, name));
  locateImages(indexOf(...files), rows, { imageFolders, mixesFolders });
  return rows.map((row) => (row.found ? row.file : null));
}

describe('locateImages', () => {
  it('ignores letter case, but prefers the exact name', () => {
    expect(located(['img/A.JPG', 'img/b.jpg', 'img/B.jpg'], ['a.jpg', 'B.jpg'], [''])).toEqual([
      'img/A.JPG',
      'img/B.jpg',
    ]);
  });

  it('takes all images from one folder: the preferred one where both are complete, else the fuller one', () => {
    const both = ['1024x768/a.jpg', '1024x768/b.jpg', '512x384/a.jpg', '512x384/b.jpg'];
    const wanted = ['1024x768', '512x384'];
    expect(located(both, ['a.jpg', 'b.jpg'], wanted)).toEqual(['1024x768/a.jpg', '1024x768/b.jpg']);
    expect(located(both.slice(1), ['a.jpg', 'b.jpg'], wanted)).toEqual(['512x384/a.jpg', '512x384/b.jpg']);
  });

  it('finds an image elsewhere only where that is allowed and only one file has its name', () => {
    const files = ['x/a.jpg', 'x/b.jpg', 'y/c.jpg', 'y/d.jpg', 'z/d.jpg'];
    expect(located(files, ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], [''], true)).toEqual([
      'x/a.jpg',
      'x/b.jpg',
      'y/c.jpg',
      null,
    ]);
    expect(located(files, ['a.jpg', 'b.jpg', 'c.jpg'], [''])).toEqual(['x/a.jpg', 'x/b.jpg', null]);
  });

  it('takes names with folders, with backslashes too', () => {
    expect(located(['images/sub/a.jpg'], ['sub\\a.jpg', './sub/a.jpg'], [''])).toEqual([
      'images/sub/a.jpg',
      'images/sub/a.jpg',
    ]);
    expect(located(['images/xa.jpg'], ['a.jpg'], [''])).toEqual([null]);
  });

  it.each(['../a.jpg', 'x/../../a.jpg', '/etc/passwd', 'C:\\a.jpg', '', '..'])(
    'does not leave the folder by %j',
    (name) => {
      expect(safeName(name)).toBeNull();
    },
  );
});

function scored(row: number, file: string, mos: number, more: Partial<LabelRow> = {}): LabelRow {
  return {
    ...blankRow(row, file),
    file,
    found: true,
    labels: [{ name: 'mos', mos, std: null, votes: 10 }],
    ...more,
  };
}

describe('collapseDuplicates', () => {
  it('collapses identical rows in the order of first appearance', () => {
    const { rows, removed, conflicts } = collapseDuplicates(
      [scored(2, 'a', 1), scored(3, 'b', 2), scored(4, 'a', 1)],
      undefined,
      'l.csv',
    );
    expect(rows.map((row) => row.row)).toEqual([2, 3]);
    expect(removed).toEqual([{ kind: 'duplicate', name: 'a', reason: 'row 4: same as row 2' }]);
    expect(conflicts).toBe(0);
  });

  it('refuses conflicting rows, naming image, rows and remedy', () => {
    expect(() => collapseDuplicates([scored(2, 'a', 1), scored(9, 'a', 3)], undefined, 'l.csv')).toThrow(
      expect.objectContaining({
        code: 'conflict',
        file: 'l.csv',
        message: expect.stringContaining('a: row 2 says 1, row 9 says 3'),
        hint: expect.stringMatching(/--duplicates mean.*--duplicates first/),
      }),
    );
    const otherGroup = [scored(2, 'a', 1, { group: 'x' }), scored(3, 'a', 1, { group: 'y' })];
    expect(() => collapseDuplicates(otherGroup, undefined, 'l.csv')).toThrow(/disagree/);
  });

  it('averages or keeps the first as told', () => {
    const rows = [scored(2, 'a', 1), scored(3, 'a', 2), scored(4, 'a', 6)];
    const mean = collapseDuplicates(rows, 'mean', 'l.csv');
    expect(mean.rows[0]!.labels).toEqual([{ name: 'mos', mos: 3, std: null, votes: 30 }]);
    expect(mean.removed).toHaveLength(2);
    expect(collapseDuplicates(rows, 'first', 'l.csv').rows[0]!.labels[0]!.mos).toBe(1);
  });

  it('takes 100,000 rows of one image', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => scored(i + 2, 'a', 1));
    expect(collapseDuplicates(rows, undefined, 'l.csv').removed).toHaveLength(99_999);
  });
});
