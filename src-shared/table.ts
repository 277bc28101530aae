/** Tables as text for other programs: TSV (spreadsheets), CSV, Markdown, LaTeX. Numbers keep their full precision. */

/**
 * A cell. Numbers are written unrounded to TSV and CSV, and with the column's digits in texts for people; a figure that people
 * read with more around it ("0.914 ± 0.004") has that as `text`.
 */
export type Cell = string | number | { value: number; text: string } | null;
/**
 * A column's title, whether it holds numbers, how many digits texts for people show, and which end is the best: Markdown and
 * LaTeX then set the best figure bold, LaTeX the second underlined, by what is shown.
 */
export type Column = { title: string; numeric?: boolean; digits?: number; best?: 'highest' | 'lowest' };
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
  const places = table.columns.map((_, c) => bestPlaces(table, c));
  const body = table.rows.map((cells, r) =>
    row(
      cells.map((cell, c) => {
        const text = escape(cellText(cell, table.columns[c]));
        return places[c]![r] === 'best' ? `**${text}**` : text;
      }),
    ),
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
  const places = table.columns.map((_, c) => bestPlaces(table, c));
  const written = (cell: Cell, r: number, c: number): string => {
    const text = escapeLatex(cellText(cell, table.columns[c]));
    const place = places[c]![r];
    return place === 'best' ? `\\textbf{${text}}` : place === 'second' ? `\\underline{${text}}` : text;
  };
  // A bracket at the start of a row would be read as the argument of the line break before it.
  const row = (cells: string[]): string => `${cells.join(' & ').replace(/^\[/, '{[}')} \\\\`;
  return (
    [
      '% needs \\usepackage{booktabs}',
      ...(table.caption === undefined ? [] : [`% ${table.caption.replace(/\r?\n/g, ' ')}`]),
      `\\begin{tabular}{${table.columns.map((column) => (column.numeric ? 'r' : 'l')).join('')}}`,
      '\\toprule',
      row(table.columns.map((column) => escapeLatex(column.title))),
      '\\midrule',
      ...table.rows.map((cells, r) => row(cells.map((cell, c) => written(cell, r, c)))),
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
  return cell === null ? '' : String(typeof cell === 'object' ? cell.value : cell);
}

/** A cell as people read it; nothing is a dash. */
export function cellText(cell: Cell, column: Column | undefined): string {
  if (cell === null) return '–';
  if (typeof cell === 'object') return cell.text;
  return typeof cell === 'number' && column?.digits !== undefined
    ? cell.toFixed(column.digits)
    : String(cell);
}

/** Which rows hold the best and the second best figure of a column, as far as its digits show; none without a rival. */
function bestPlaces(table: Table, c: number): (undefined | 'best' | 'second')[] {
  const column = table.columns[c]!;
  const shown = table.rows.map((row) => {
    const cell = row[c] ?? null;
    const value = typeof cell === 'object' ? (cell?.value ?? null) : cell;
    return typeof value === 'number' ? Number(value.toFixed(column.digits ?? 12)) : null;
  });
  const ranked = [...new Set(shown.filter((value) => value !== null))].sort((a, b) =>
    column.best === 'lowest' ? a - b : b - a,
  );
  if (column.best === undefined || ranked.length < 2) return shown.map(() => undefined);
  return shown.map((value) =>
    value === null ? undefined : value === ranked[0] ? 'best' : value === ranked[1] ? 'second' : undefined,
  );
}
