/** HTML that escapes by itself, and the page that every report is: one file, no script, nothing from elsewhere. */

/** Markup that may be inserted as it is. Made by `html` only, so that a plain string is always escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What a template may hold: text and numbers (escaped), Html, lists of them; null is nothing. */
export type Part = string | number | Html | readonly Part[] | null;

/** html`<td>${name}</td>`: strings and numbers are escaped, Html is kept, arrays are joined, null is nothing. */
export function html(texts: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(texts.reduce((markup, text, i) => markup + markupOf(parts[i - 1] ?? null) + text));
}

function markupOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escapeHtml(String(part));
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for an element or a quoted attribute. Control characters, which HTML does not allow, and those that turn the
 * direction of writing, with which a file name can pose as another, become U+FFFD.
 */
export function escapeHtml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
      .toWellFormed()
      .replace(/[&<>"']/g, (char) => ESCAPES[char]!)
  );
}

/**
 * A whole document as text; `style` is CSS of its own kind of report. Its policy forbids scripts and every request; light or dark as the
 * reader's system is.
 */
export function htmlPage({ title, body, style = '' }: { title: string; body: Html; style?: string }): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE + style)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `;
  return page.markup;
}

const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #fff; --text: #1a1d20; --muted: #565e66; --line: #d5d9dd; --sunken: #eceef0;
  --accent: #0b63b0; --good: #1d7a3a; --bad: #b3261e; --bad-soft: #fde8e6; --good-soft: #e3f3e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #14171a; --text: #e7eaec; --muted: #a3acb4; --line: #31373d; --sunken: #1f2429;
    --accent: #6ab4f5; --good: #5fcb80; --bad: #ff8a80; --bad-soft: #3a1c1a; --good-soft: #16301f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 24px; background: var(--bg); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; font-variant-numeric: tabular-nums;
}
main { max-width: 1100px; margin: 0 auto; display: grid; gap: 24px; }
section { display: grid; gap: 10px; min-width: 0; }
h1 { margin: 0; font-size: 24px; } h2 { margin: 0; font-size: 16px; } p { margin: 0; }
.muted { color: var(--muted); } .small { font-size: 12px; } .name { overflow-wrap: anywhere; }
.verdict { padding: 12px 16px; border-radius: 6px; border: 1px solid; }
.verdict.bad { color: var(--bad); background: var(--bad-soft); }
.verdict.good { color: var(--good); background: var(--good-soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; }
.figures > div { border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; }
.figures strong { display: block; font-size: 22px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 24px; }
svg { display: block; width: 100%; max-width: 640px; height: auto; } svg text { fill: var(--text); font-size: 12px; }
svg .middle { text-anchor: middle; } svg .name { text-anchor: end; }
svg .grid { stroke: var(--line); } svg .ideal { stroke: var(--text); stroke-dasharray: 4 4; }
svg .bar { fill: var(--accent); } svg .bar.worse { fill: var(--bad); }
svg .dots { stroke: var(--accent); stroke-width: 4; stroke-linecap: round; stroke-opacity: .7; fill: none; }
svg .dots.worse { stroke: var(--bad); }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 16px; }
.pair { border: 1px solid var(--line); border-radius: 6px; padding: 10px; display: grid; gap: 6px; min-width: 0; align-content: start; }
.pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; }
.pictures figure { margin: 0; min-width: 0; } .pictures figcaption { font-size: 12px; color: var(--muted); overflow-wrap: anywhere; }
.pictures img, .pictures .none { width: 100%; aspect-ratio: 4 / 3; object-fit: contain; background: var(--sunken); display: grid; place-items: center; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 500; color: var(--muted); font-size: 12px; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; } td { overflow-wrap: anywhere; }
.num { text-align: right; white-space: nowrap; }
.worse-text { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; } dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
details > * + * { margin-top: 8px; }
@media print { body { padding: 0; } .pair { break-inside: avoid; } }
`;
