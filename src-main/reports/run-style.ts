/** What a run's report looks like beyond every report's style (html.ts). On paper it is light. */
export const RUN_STYLE = `
:root { --warn: #7a4b00; --warn-soft: #fdf1d8; }
@media (prefers-color-scheme: dark) { :root { --warn: #f0b44c; --warn-soft: #362a12; } }
@media print { :root { color-scheme: light; --bg: #fff; --text: #000; --muted: #444; --line: #bbb; --accent: #0b63b0;
  --warn: #7a4b00; --warn-soft: #fff; } main { max-width: none; } }
main { display: block; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 32px 0 8px; break-after: avoid; } p, h3 { margin: 0 0 8px; }
caption, figcaption { color: var(--muted); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 24px; align-items: start; }
.headline { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
.headline div { border: 1px solid var(--line); border-radius: 6px; padding: 8px 14px; min-width: 150px; break-inside: avoid; }
.headline dd:first-of-type { font-size: 24px; font-weight: 600; }
.warning { border-left: 4px solid var(--warn); background: var(--warn-soft); padding: 8px 12px; margin: 8px 0; }
.scroll { overflow-x: auto; }
table { width: auto; min-width: min(100%, 420px); }
caption { text-align: left; padding-bottom: 4px; }
tbody th { color: var(--text); font-size: inherit; }
th.number, td.number { text-align: right; }
tr, figure { break-inside: avoid; }
figure { margin: 0; }
.worst { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; padding: 0; list-style: none; }
.worst img { display: block; max-width: 100%; height: 112px; object-fit: contain; }
pre { white-space: pre-wrap; border: 1px solid var(--line); border-radius: 6px; padding: 12px; font-size: 12px; }
`;
