import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineOf, lineOfSyntaxError, linesOf } from '../../src-renderer/json-lines.ts';

/** The paths of all fields of a JSON value. */
function pathsOf(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [path];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    pathsOf(child, path === '' ? key : `${path}.${key}`),
  );
  return [path, ...inner];
}

describe('the lines of a JSON text', () => {
  it('are those on which the fields begin', () => {
    const text = `{
  "a": 1,
  "b": { "c": [1, 2,
    {"d": "x, {]:\\" y"}], "e":
      null },
  "ablation": [
    { "label": "one" },
    { "label": "two", "streams": ["nss"] }
  ]
}`;
    const lines = linesOf(text);
    expect(Object.fromEntries(lines)).toMatchObject({
      '': 1,
      a: 2,
      b: 3,
      'b.c': 3,
      'b.c.1': 3,
      'b.c.2': 4,
      'b.c.2.d': 4,
      'b.e': 4,
      ablation: 6,
      'ablation.1': 8,
      'ablation.1.streams.0': 8,
    });
    expect(lineOf(lines, 'ablation.1.fusion.gate')).toBe(8);
    expect(lineOf(lines, 'training.epochs')).toBe(1);
  });

  it('hold every field of every JSON, in order', () => {
    const key = fc.string({ minLength: 1 }).filter((text) => !text.includes('.') && !/^\d+$/.test(text));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 0 }), tie('object'), tie('list')),
      object: fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      list: fc.array(tie('tree'), { maxLength: 4 }),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value, null, 2);
        const lines = linesOf(text);
        const paths = pathsOf(JSON.parse(text));
        expect(new Set(lines.keys())).toEqual(new Set(paths));
        // Indented JSON has one field per line, and its closing brackets on lines of their own.
        const found = paths.map((path) => lines.get(path)!);
        expect(found).toEqual(found.toSorted((a, b) => a - b));
        expect(new Set(found).size).toBe(paths.length);
      }),
    );
  });

  it('are named by what JSON.parse says', () => {
    const lineIn = (text: string): number | null => {
      try {
        JSON.parse(text);
      } catch (error) {
        return lineOfSyntaxError((error as Error).message, text);
      }
      return null;
    };
    expect(lineIn('{\n  "a": 1,\n  b\n}')).toBe(3);
    expect(lineIn('{\n  "a": [1,\n')).toBe(3);
    expect(lineOfSyntaxError('Unexpected token } in JSON at position 4', '{\n"a\n}')).toBe(2);
    expect(lineOfSyntaxError('not an object', '[]')).toBeNull();
  });
});
