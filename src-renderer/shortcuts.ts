/** The window's keys: the list that '?' shows, and the global ones' meaning. */
import { DEFAULT_COMPARE, type Route } from './routes.ts';

/** Keys that work in one place. */
export type ShortcutGroup = { where: string; keys: [keys: string, what: string][] };

/** Everything that the "?" list shows. */
export const SHORTCUTS: ShortcutGroup[] = [
  {
    where: 'Everywhere',
    keys: [
      ['g d', 'Datasets'],
      ['g s', 'Streams'],
      ['g n', 'Encoders'],
      ['g e', 'Experiments'],
      ['g r', 'Runs'],
      ['g c', 'Compare'],
      ['g j', 'open or close Jobs'],
      ['?', 'this list'],
      ['Esc', 'close what is open'],
    ],
  },
  {
    where: 'Image grid',
    keys: [
      ['← → ↑ ↓', 'move'],
      ['PgUp PgDn', 'one screen'],
      ['Home End', 'first, last'],
      ['Enter', 'open in the Inspector'],
      ['/', 'search by file name'],
    ],
  },
  {
    where: 'Charts',
    keys: [
      ['← →', 'move between points (chart focused)'],
      ['← → ↑ ↓', 'move between cells (heatmap focused)'],
      ['Enter', 'open the image, or the images behind'],
    ],
  },
  {
    where: 'Inspector',
    keys: [
      ['j k', 'next, previous image'],
      ['+ −', 'zoom in, out'],
      ['1 0', 'true pixels, whole picture'],
      ['c', 'show the five crops'],
      ['← → ↑ ↓', 'pan (picture focused)'],
      ['r', 'beside its reference, or not'],
      ['w', 'choose another image beside it'],
      [', .', 'beside it: a level down, up'],
      ['s d f', 'side by side, difference, flicker'],
      ['x', 'flicker: switch by hand'],
      ['[ ]', 'less, more gain or flicker rate'],
      ['b', 'block map off, on'],
      ['p P', 'next, previous panel'],
      ['Esc', 'back to where you came from'],
    ],
  },
];

/** Pages behind "g" and a letter. */
export const GO_KEYS: Record<string, Route> = {
  d: { page: 'datasets' },
  s: { page: 'streams', dataset: null, stream: null },
  n: { page: 'encoders', encoder: null },
  e: { page: 'experiments', dataset: null, groupLevelOf: null },
  r: { page: 'runs' },
  c: { page: 'compare', view: DEFAULT_COMPARE },
};

/** True where a key press belongs to a text field or an open dialog and must not be a shortcut. */
export function belongsToField(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target as Element | null;
  return (
    target?.closest(
      'input:not([type=checkbox], [type=radio]), textarea, select, [role=dialog], [role=menu]',
    ) !== null
  );
}
