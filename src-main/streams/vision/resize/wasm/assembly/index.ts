// The two passes of Pillow's resize on 8-bit RGB. The host lays out the memory (kernel.ts) and calls them row by row.
// No allocation, no import, one instance a thread.

export { resizeRow } from './horizontal';
export { mixRows } from './vertical';
