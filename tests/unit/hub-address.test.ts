import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRelative, resolveUrl, treeUrl } from '../../src-main/streams/vision/hub/address.ts';
import { modelFolder, snapshotFile } from '../../src-main/streams/vision/hub/cache.ts';
import { plainEtag } from '../../src-main/streams/vision/hub/file-info.ts';

const badInput = expect.objectContaining({ code: 'bad-input' });

describe('addresses', () => {
  it('become the URLs of the hub', () => {
    const address = { repo: 'o/n', revision: 'refs/pr/1', path: 'visual/a b#.onnx' };
    expect(resolveUrl('https://h', address)).toBe('https://h/o/n/resolve/refs%2Fpr%2F1/visual/a%20b%23.onnx');
    expect(treeUrl('https://h', 'gpt2', 'main')).toBe('https://h/api/models/gpt2/revision/main?blobs=true');
  });

  it.each(['', '../n', 'a/b/c', 'a--b/c', 'a/..', '/a', 'a b', '.hidden/x', 'a/b?c'])(
    'refuses the repository "%s"',
    (repo) => {
      expect(() => modelFolder('/c', repo)).toThrow(badInput);
      expect(() => treeUrl('https://h', repo, 'main')).toThrow(badInput);
    },
  );

  it.each(['', '../x', 'a/../../x', '/etc/passwd', 'a//b', 'C:/x', 'a\\b', 'a\0b', './x', 'a/'])(
    'refuses the file "%s"',
    (file) => expect(() => checkRelative(file, 'file')).toThrow(badInput),
  );

  it('never leave the snapshot', () => {
    const root = path.resolve('/c/models--o--n/snapshots/r');
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', '/', '\\', 'b.onnx', ':')), (parts) => {
        let file: string;
        try {
          file = snapshotFile('/c', { repo: 'o/n', revision: 'r', path: parts.join('/') });
        } catch (error) {
          expect(error).toEqual(badInput);
          return;
        }
        expect(path.resolve(file).startsWith(root + path.sep)).toBe(true);
      }),
    );
  });
});

describe('plainEtag', () => {
  it.each([
    ['"abc"', 'abc'],
    ['W/"abc"', 'abc'],
    ['abc-7', 'abc-7'],
    [null, null],
    ['""', null],
    ['"../../x"', null],
    ['"a/b"', null],
    ['".."', null],
  ])('%s -> %s', (header, etag) => expect(plainEtag(header)).toBe(etag));
});
