import { SvelteMap } from 'svelte/reactivity';
import { api, errorOf, isAborted } from '../api.ts';
import type { GridItem, ImageQuery } from '../../src-shared/dataset.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { GridView } from '../routes.ts';

const PAGE = 120;
/** Pages kept in memory, by last use: 60 x 120 images. */
const KEPT = 60;

/** The engine's query for a view of a dataset. */
export function toImageQuery(dataset: number, view: GridView): ImageQuery {
  return {
    dataset,
    sort: view.sort === 'residual' && view.run === null ? 'position' : view.sort,
    descending: view.descending,
    ...(view.run === null ? {} : { run: view.run }),
    ...(view.text === '' ? {} : { text: view.text }),
    ...(view.mos === null ? {} : { mos: view.mos }),
    ...(view.types.length === 0 ? {} : { distortion: view.types }),
    ...(view.levels.length === 0 ? {} : { level: view.levels }),
    ...(view.group === '' ? {} : { group: view.group }),
    ...(view.status === null ? {} : { status: view.status }),
  };
}

/** A filtered, sorted dataset as a long list of which only the pages on screen are fetched. */
export class ImageGrid {
  /** Number of images that pass the filter; null before the first answer. */
  total = $state<number | null>(null);
  error = $state.raw<ErrorShape | null>(null);
  #query: ImageQuery;
  #pages = new SvelteMap<number, GridItem[]>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- bookkeeping that nothing on screen reads
  #pending = new Map<number, AbortController>();

  constructor(query: ImageQuery, first: number) {
    this.#query = query;
    this.show(first, first + 1);
  }

  /** The image at an index of the list; null while its page is on the way. */
  item(index: number): GridItem | null {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  /** Says which indices are on screen: fetches their pages and gives up those that were scrolled away. */
  show(from: number, to: number): void {
    const first = Math.floor(Math.max(0, from) / PAGE);
    const last = Math.floor(Math.max(0, to) / PAGE);
    for (const [page, abort] of this.#pending) {
      if (page < first || page > last) {
        abort.abort();
        this.#pending.delete(page);
      }
    }
    for (let page = first; page <= last; page++) {
      if (!this.#pages.has(page) && !this.#pending.has(page)) void this.#fetch(page);
    }
  }

  /** Forgets everything and asks again. */
  retry(): void {
    this.error = null;
    this.#pages.clear();
    this.show(0, 1);
  }

  destroy(): void {
    for (const abort of this.#pending.values()) abort.abort();
    this.#pending.clear();
  }

  async #fetch(page: number): Promise<void> {
    const abort = new AbortController();
    this.#pending.set(page, abort);
    try {
      const answer = await api.images.page.query(
        { ...this.#query, offset: page * PAGE, limit: PAGE },
        { signal: abort.signal },
      );
      if (abort.signal.aborted) return;
      this.#pages.set(page, answer.items);
      if (this.#pages.size > KEPT) this.#pages.delete(this.#pages.keys().next().value!);
      this.total = answer.total;
      this.error = null;
    } catch (error) {
      if (!abort.signal.aborted && !isAborted(error)) this.error = errorOf(error);
    }
    if (this.#pending.get(page) === abort) this.#pending.delete(page);
  }
}
