import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inWindowWords } from '../../src-renderer/window-words.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src-main');

describe('inWindowWords', () => {
  it('names the place in the window instead of the command', () => {
    expect(inWindowWords('Cancel it first: studio jobs cancel 12.')).toBe(
      'Cancel it first: the list under Jobs.',
    );
    expect(
      inWindowWords(
        'Extract them on the Streams page, or: studio extract --dataset "My set" --streams dinov2-base',
      ),
    ).toBe('Extract them on the Streams page');
    expect(
      inWindowWords('A run can score it: studio ladder check --run RUN --dataset NAME, or studio predict.'),
    ).toBe('A run can score it: “Ladder” on the page of the dataset, or “Score a folder” on the Runs page.');
    expect(inWindowWords('Not downloaded yet: studio encoders download clip-vit-b32')).toBe(
      'Not downloaded yet: the Encoders page',
    );
    expect(
      inWindowWords(
        'It has: nss. Extract it: studio extract --dataset "a" --streams b; or import it: studio features import --dataset "a" --stream b FILE',
      ),
    ).toBe('It has: nss. Extract it: the Streams page');
    expect(inWindowWords('Start the studio again.')).toBe('Start the studio again.');
  });

  it('knows every command that a hint of the engine names', () => {
    const hints = globSync('**/*.ts', { cwd: MAIN })
      .filter((file) => !/^(cli|host)[/.\\]/.test(file))
      .flatMap((file) => readFileSync(path.join(MAIN, file), 'utf8').split('\n'))
      .filter((line) =>
        /(hint|remake|detail): .*studio (runs|jobs|extract|predict|ladder|encoders)\b/.test(line),
      );
    expect(hints.length).toBeGreaterThan(10);
    for (const hint of hints) {
      // What the engine fills in.
      const filled = hint.replace(/\$\{[^}]*\}/g, '7');
      expect(inWindowWords(filled), filled).not.toMatch(
        /studio (runs|jobs|extract|predict|ladder|encoders)\b/,
      );
    }
  });
});
