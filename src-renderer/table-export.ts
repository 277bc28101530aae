/** Tables as text, as the window's parts know them; the command line writes the same ones. */
export { cellText, formatTable } from '../src-shared/table.ts';
export type { Cell, Column, Table, TableFormat } from '../src-shared/table.ts';
