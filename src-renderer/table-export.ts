/** Tables as text for other programs: TSV (spreadsheets), CSV, Markdown, LaTeX. Numbers keep their full precision. */

/** A cell: numbers are written unrounded unless the column says how many digits. */
export type Cell = string | number | null;
/** A column's title, whether it holds numbers, and how many digits texts for people show. */
export type Column = { title: string; numeric?: boolean; digits?: number };
/** Columns and rows, in the same order; the caption says where the numbers come from. */
export type Table = { columns: Column[]; rows: Cell[][]; caption?: string };

/** What a table can be written as. */
export type TableFormat = 'tsv' | 'csv' | 'markdown' | 'latex';

/** Writes a table in the given format; the caption (provenance) goes along in Markdown and LaTeX. */
export function formatTable(table: Table, format: TableFormat): string {
  switch (format) {
    case 'tsv':
      return lines(table, '\t', (text) => text.replace(/[\t\r\n]+/g, ' '));
    case 'csv':
      return lines(table, ',', quoteCsv);
    case 'markdown':
      return markdown(table);
    case 'latex':
      return latex(table);
  }
}

function lines(table: Table, separator: string, escape: (text: string) => string): string {
  const header = table.columns.map((column) => escape(column.title));
  const rows = table.rows.map((row) => row.map((cell) => escape(plain(cell))));
  return [header, ...rows].map((cells) => cells.join(separator)).join('\n') + '\n';
}

/** RFC 4180; a text cell that a spreadsheet would run as a formula is disarmed with an apostrophe. */
function quoteCsv(text: string): string {
  const safe = /^[=+@]/.test(text) || /^-(?!\d|\.)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function markdown(table: Table): string {
  const escape = (text: string): string => text.replace(/\|/g, '\\|').replace(/\r?\n/g, ' ');
  const row = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const body = table.rows.map((cells) =>
    row(cells.map((cell, i) => escape(rounded(cell, table.columns[i])))),
  );
  return (
    [
      row(table.columns.map((column) => escape(column.title))),
      row(table.columns.map((column) => (column.numeric ? '---:' : '---'))),
      ...body,
      ...(table.caption === undefined ? [] : ['', escape(table.caption)]),
    ].join('\n') + '\n'
  );
}

function latex(table: Table): string {
  const row = (cells: string[]): string => `${cells.join(' & ')} \\\\`;
  return (
    [
      '% needs \\usepackage{booktabs}',
      ...(table.caption === undefined ? [] : [`% ${table.caption.replace(/\r?\n/g, ' ')}`]),
      `\\begin{tabular}{${table.columns.map((column) => (column.numeric ? 'r' : 'l')).join('')}}`,
      '\\toprule',
      row(table.columns.map((column) => escapeLatex(column.title))),
      '\\midrule',
      ...table.rows.map((cells) => row(cells.map((cell, i) => escapeLatex(rounded(cell, table.columns[i]))))),
      '\\bottomrule',
      '\\end{tabular}',
    ].join('\n') + '\n'
  );
}

const LATEX: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '≥': '$\\geq$',
  '±': '$\\pm$',
  '−': '$-$',
  '–': '--',
};

function escapeLatex(text: string): string {
  return text.replace(/[\\&%$#_{}~^≥±−–]/g, (char) => LATEX[char] ?? `\\${char}`);
}

function plain(cell: Cell): string {
  return cell === null ? '' : String(cell);
}

function rounded(cell: Cell, column: Column | undefined): string {
  if (cell === null) return '–';
  return typeof cell === 'number' && column?.digits !== undefined
    ? cell.toFixed(column.digits)
    : String(cell);
}
