/** Chart colours for both themes. Charts draw on a canvas, which cannot read CSS tokens; exports use 'light'. */

/** Colours of one theme. */
export type Palette = {
  text: string;
  muted: string;
  grid: string;
  background: string;
  accent: string;
  /** The accent for dense points and filled bars, seen through where they overlap. */
  accentSoft: string;
  good: string;
  middle: string;
  bad: string;
  /** Gates: 1, fully below, fully above. */
  neutral: string;
  below: string;
  above: string;
  /** Folds and other series: distinct in hue and lightness. */
  series: readonly string[];
};

/** Both themes. */
export const PALETTES: Record<'light' | 'dark', Palette> = {
  light: {
    text: '#1a1d20',
    muted: '#565e66',
    grid: '#dfe3e6',
    background: '#ffffff',
    accent: '#0b63b0',
    accentSoft: '#0b63b073',
    good: '#2e8b4f',
    middle: '#d98a1f',
    bad: '#c23b32',
    neutral: '#eef0f1',
    below: '#2f6fb5',
    above: '#d9822b',
    series: ['#0b63b0', '#b3541e', '#3a7d44', '#7d4aa3', '#6b6b00', '#a33a63', '#3f7f93', '#555555'],
  },
  dark: {
    text: '#e7eaec',
    muted: '#a3acb4',
    grid: '#31373d',
    background: '#1b1f23',
    accent: '#6ab4f5',
    accentSoft: '#6ab4f573',
    good: '#55b877',
    middle: '#e0a244',
    bad: '#ec6f66',
    neutral: '#343a40',
    below: '#5aa5ee',
    above: '#f0a04b',
    series: ['#6ab4f5', '#f0985c', '#7fce8d', '#c59be6', '#cfcf6a', '#ef8fb4', '#79c4d8', '#b8b8b8'],
  },
};
