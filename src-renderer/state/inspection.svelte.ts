import type { PictureMap } from '../charts/picture-map.ts';
import { Flicker } from './flicker.svelte.ts';
import { Viewport } from './viewport.svelte.ts';

/** Factors that the difference view multiplies by. */
export const GAINS = [1, 2, 4, 8, 16, 32];

/** How the Inspector looks at its picture or pictures; what it looks at is in the address. */
export class Inspection {
  viewport = new Viewport();
  flicker = new Flicker();
  gain = $state(4);
  /** The map over the first picture. */
  map = $state.raw<PictureMap | null>(null);
  opacity = $state(0.65);
  /** Cell of the map under the pointer, or chosen by keyboard. */
  cell = $state<number | null>(null);

  /** Shows a map, or none. */
  show(map: PictureMap | null): void {
    this.map = map;
    this.cell = null;
  }

  /** The next higher (1) or lower (-1) gain. */
  stepGain(direction: 1 | -1): void {
    const at = GAINS.indexOf(this.gain);
    this.gain = GAINS[Math.min(GAINS.length - 1, Math.max(0, at + direction))]!;
  }
}
