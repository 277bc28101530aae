import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairFiles } from '../../src-main/jobs/pair-files.ts';

/** Paths of one or two parts without an ending; dots inside a name are part of it. */
const part = fc.stringMatching(/^[a-zA-Z0-9äß _-][a-zA-Z0-9äß ._-]{0,8}[a-zA-Z0-9]$/);
const name = fc.oneof(
  part,
  fc.tuple(part, part).map(([folder, file]) => `${folder}/${file}`),
);
const names = fc.uniqueArray(name, { maxLength: 20, selector: (text) => text.normalize('NFC') });
const ending = fc.constantFrom('.png', '.jpg', '.WEBP', '.tiff');

describe('pairing files', () => {
  it('pairs what both folders have and lists every other file once', () => {
    fc.assert(
      fc.property(names, fc.infiniteStream(ending), fc.infiniteStream(fc.nat(2)), (all, endings, where) => {
        const place = all.map((text) => ({
          text,
          a: text + endings.next().value!,
          b: text + endings.next().value!,
          in: where.next().value!,
        }));
        const a = place.filter((p) => p.in !== 1).map((p) => p.a);
        const b = place.filter((p) => p.in !== 0).map((p) => p.b);
        const paired = pairFiles(a, b);
        expect(new Map(paired.pairs.map((p) => [p.a, p.b]))).toEqual(
          new Map(place.filter((p) => p.in === 2).map((p) => [p.a, p.b])),
        );
        expect([...paired.pairs.map((p) => p.a), ...paired.onlyA].sort()).toEqual([...a].sort());
        expect([...paired.pairs.map((p) => p.b), ...paired.onlyB].sort()).toEqual([...b].sort());
        // The order of the directory listing does not matter.
        expect(pairFiles([...a].reverse(), [...b].reverse())).toEqual(paired);
      }),
    );
  });

  it('takes composed and decomposed spellings for one name, and backslashes for slashes', () => {
    expect(pairFiles(['f\u00fc\\x.png'], ['fu\u0308/x.webp']).pairs).toHaveLength(1);
  });

  it('does not take a folder with a dot for an ending', () => {
    expect(pairFiles(['v1.2/a.png'], ['v1.3/a.png']).pairs).toEqual([]);
  });

  it('refuses a name with several endings, by name', () => {
    const twice = () => pairFiles(['x/1.png', 'x/1.jpg', '2.png'], ['x/1.png']);
    expect(twice).toThrow(expect.objectContaining({ code: 'ambiguous' }));
    expect(twice).toThrow('Folder A has several pictures of one name: x/1.jpg and x/1.png');
    const many = Array.from({ length: 8 }, (_, i) => [`${i}.png`, `${i}.webp`]).flat();
    expect(() => pairFiles([], many)).toThrow(/Folder B .*4\.png and 4\.webp; and 3 more$/);
  });
});
