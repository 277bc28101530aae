import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ComparedPair, FolderComparison } from '../../src-shared/folder-comparison.ts';
import { folderComparison } from '../../src-shared/folder-comparison.ts';
import { comparisonHtml } from '../../src-main/reports/folder-comparison.ts';
import { escapeHtml, html } from '../../src-main/reports/html.ts';
import { symmetricBins } from '../../src-shared/symmetric-bins.ts';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp; \u202egnp.exe\u0007`;

function pairOf(name: string, difference: number | null): ComparedPair {
  const a = { file: `${name}.png`, prediction: 3, prediction_std: 0.1, quality: 0.5, error: null };
  if (difference === null) {
    const error = { code: 'unreadable-image', message: `broken ${name}` };
    return { name, a, b: { ...a, prediction: null, prediction_std: null, quality: null, error }, difference };
  }
  return { name, a, b: { ...a, prediction: 3 + 4 * difference, quality: 0.5 + difference }, difference };
}

function comparisonOf(name: string): FolderComparison {
  return {
    version: 1,
    studio: '0.0.0',
    run: {
      run: 3,
      label: name,
      dataset: name,
      scale: { min: 1, max: 5, better: 'higher' },
      streams: [{ stream: name, version: name }],
      population: 'abcdef0123456789',
    },
    a: `/a/${name}`,
    b: `/b/${name}`,
    counts: { pairs: 3, compared: 2, failed: 1, only_a: 1, only_b: 1 },
    summary: {
      n: 2,
      mean: -0.05,
      mean_ci95: [-0.2, 0.1],
      median: -0.05,
      median_ci95: [-0.2, 0.1],
      worst: -0.2,
      best: 0.1,
      worse: 1,
      better: 1,
      equal: 0,
      wilcoxon: { statistic: 1, p: 1, n: 2, method: 'exact' },
    },
    bootstrap: { resamples: 10_000, seed: 42 },
    threshold: { on: 'mean', threshold: 0.02, value: -0.05, exceeded: true },
    pairs: [pairOf(name, -0.2), pairOf('good', 0.1), pairOf(`failed ${name}`, null)],
    only_a: [name],
    only_b: [name],
  };
}

// eslint-disable-next-line no-control-regex -- what escapeHtml replaces
const REPLACED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffd]/g;

const tagsOf = (page: string) => page.match(/<[a-zA-Z][^>]*>/g)!;

describe('escaping', () => {
  it('leaves no character that could end a text or an attribute, and loses no other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = escapeHtml(text);
        expect(escaped).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
        const back = escaped
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&');
        expect(back.replaceAll('\ufffd', '')).toBe(text.replace(REPLACED, ''));
      }),
    );
  });

  it('escapes strings in a template, keeps markup, joins lists, drops null', () => {
    expect(html`<b>${'<i>'}</b>${null}${['a&', html`<u>${1}</u>`]}`.markup).toBe(
      '<b>&lt;i&gt;</b>a&amp;<u>1</u>',
    );
    expect(escapeHtml('\ud800x')).toBe('\ufffdx');
  });
});

describe('the report', () => {
  const picture = Buffer.from('not really a picture');
  const page = comparisonHtml(comparisonOf(HOSTILE), [{ a: picture, b: null }], '2026-01-02T03:04:05.000Z');

  it('is a valid comparison to begin with', () => {
    expect(folderComparison.parse(comparisonOf(HOSTILE))).toEqual(comparisonOf(HOSTILE));
  });

  it('has the same tags whatever the names are', () => {
    const plain = comparisonHtml(
      comparisonOf('plain'),
      [{ a: picture, b: null }],
      '2026-01-02T03:04:05.000Z',
    );
    const kinds = (text: string) => tagsOf(text).map((tag) => /^<[a-zA-Z0-9]+/.exec(tag)![0]);
    expect(kinds(page)).toEqual(kinds(plain));
    expect(page).not.toContain('<script');
    expect(page).not.toContain('\u202e');
    expect(page).not.toContain('\u0007');
    expect(page).toContain('&lt;script&gt;alert(1)');
  });

  it('asks for nothing from elsewhere', () => {
    expect(page).not.toMatch(/<(script|link|iframe|object|embed|form|base)\b/);
    expect([...page.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, url]) => url)).toEqual([
      `data:image/webp;base64,${picture.toString('base64')}`,
    ]);
    expect(page).not.toMatch(/url\(|@import/);
    expect(page).toContain("default-src 'none'");
  });

  it('says what it found, and is the same for the same input', () => {
    for (const text of ['Worse than allowed.', '−0.0500', '50.0 %', '2026-01-02T03:04:05.000Z', 'only in A'])
      expect(page).toContain(text);
    expect(comparisonHtml(comparisonOf(HOSTILE), [{ a: picture, b: null }], '2026-01-02T03:04:05.000Z')).toBe(
      page,
    );
  });
});

describe('its charts', () => {
  it('count every value in one bin, about zero', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { maxLength: 50 }), (values) => {
        const bins = symmetricBins(values);
        expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length);
        expect(bins[0]!.from).toBeCloseTo(-bins.at(-1)!.to, 12);
      }),
    );
  });

  it('mark what got worse, and say so in words', () => {
    const page = comparisonHtml(comparisonOf('x'), [{ a: null, b: null }], '2026-01-02T03:04:05.000Z');
    expect(page.match(/class="dots worse" d="(M[^M]*)"/g)).toHaveLength(1);
    expect(page.match(/class="bar worse"/g)).toHaveLength(15);
    expect(page.match(/aria-label="[^"]*1 of 2 pairs got worse, 1 better, 0 equal/g)).toHaveLength(2);
    expect(page).not.toMatch(/NaN|Infinity/);
  });
});
