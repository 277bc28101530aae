/** Two pictures taking turns in one place: what differs jumps to the eye. */

/** Switches per second: at most five, which is fewer than three flashes a second (WCAG 2.3.1). */
export const FLICKER_RATES = [0.5, 1, 2, 3, 4, 5];

/** Whose turn it is. Stands still at first for people who asked their system for less motion. */
export class Flicker {
  rate = $state(2);
  playing = $state(!matchMedia('(prefers-reduced-motion: reduce)').matches);
  /** The second picture is shown. */
  second = $state(false);

  /** Shows the other picture and goes on by hand. */
  turn(): void {
    this.playing = false;
    this.second = !this.second;
  }

  /** The next faster (1) or slower (-1) rate. */
  step(direction: 1 | -1): void {
    const at = FLICKER_RATES.indexOf(this.rate);
    this.rate = FLICKER_RATES[Math.min(FLICKER_RATES.length - 1, Math.max(0, at + direction))]!;
  }

  /** Takes turns until the returned function is called; for an effect, which starts it anew when rate or playing change. */
  run(): (() => void) | undefined {
    if (!this.playing) return undefined;
    const timer = setInterval(() => (this.second = !this.second), 1000 / this.rate);
    return () => clearInterval(timer);
  }
}
