/** The style sheet of a report: light and dark as the reader's system has it, light on paper. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --bg: #fff; --text: #1a1d20; --muted: #565e66; --line: #d5d9dd; --accent: #0b63b0;
  --warn: #7a4b00; --warn-bg: #fdf1d8; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171a; --text: #e7eaec; --muted: #a3acb4; --line: #31373d;
  --accent: #6ab4f5; --warn: #f0b44c; --warn-bg: #362a12; } }
@media print { :root { color-scheme: light; --bg: #fff; --text: #000; --muted: #444; --line: #bbb; --accent: #0b63b0;
  --warn: #7a4b00; --warn-bg: #fff; } main { max-width: none; padding: 0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); line-height: 1.5;
  font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 24px; overflow-wrap: anywhere; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 32px 0 8px; break-after: avoid; }
.muted, caption, figcaption { color: var(--muted); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 24px; align-items: start; }
.headline { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
.headline div { border: 1px solid var(--line); border-radius: 5px; padding: 8px 14px; min-width: 150px; break-inside: avoid; }
.headline dt { color: var(--muted); } .headline dd { margin: 0; } .headline dd:first-of-type { font-size: 24px; font-weight: 600; }
.warning { border-left: 4px solid var(--warn); background: var(--warn-bg); padding: 8px 12px; margin: 8px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 4px; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th.number, td.number { text-align: right; }
tr { break-inside: avoid; }
figure { margin: 0; break-inside: avoid; }
svg { display: block; width: 100%; max-width: 640px; height: auto; font-size: 12px; }
svg text { fill: var(--text); } svg .middle { text-anchor: middle; } svg .name { text-anchor: end; }
svg .grid { stroke: var(--line); } svg .bar { fill: var(--accent); }
svg .ideal { stroke: var(--text); stroke-dasharray: 4 4; }
svg .dots { stroke: var(--accent); stroke-width: 4; stroke-linecap: round; stroke-opacity: .55; fill: none; }
.worst { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; padding: 0; list-style: none; }
.worst img { display: block; max-width: 100%; height: 112px; object-fit: contain; }
pre { white-space: pre-wrap; border: 1px solid var(--line); border-radius: 5px; padding: 12px; font-size: 12px; }
`;
