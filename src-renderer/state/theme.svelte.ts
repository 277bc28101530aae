/** What a person can choose. */
export type ThemeChoice = 'system' | 'light' | 'dark';
const KEY = 'biqa-studio.theme';

/** The chosen theme, kept in this browser; `resolved` is what is on screen. */
export class Theme {
  choice = $state<ThemeChoice>('system');
  #systemDark = $state(false);
  resolved = $derived<'light' | 'dark'>(
    this.choice === 'system' ? (this.#systemDark ? 'dark' : 'light') : this.choice,
  );
  #media = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.#systemDark = this.#media.matches;
    this.#media.addEventListener('change', this.#follow);
    const kept = localStorage.getItem(KEY);
    this.set(kept === 'light' || kept === 'dark' ? kept : 'system');
  }

  set(choice: ThemeChoice): void {
    this.choice = choice;
    localStorage.setItem(KEY, choice);
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
  }

  destroy(): void {
    this.#media.removeEventListener('change', this.#follow);
  }

  #follow = (event: MediaQueryListEvent): void => {
    this.#systemDark = event.matches;
  };
}
