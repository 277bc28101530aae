import { createContext, onDestroy } from 'svelte';
import { LiveCurves } from './curves.svelte.ts';
import { EventStream } from './events.svelte.ts';
import { JobList } from './jobs.svelte.ts';
import { Notices } from './notices.svelte.ts';
import { Query, type Noun } from './query.svelte.ts';
import { Router } from './router.svelte.ts';
import { Theme } from './theme.svelte.ts';

/** Everything that lives as long as the window. */
export class Studio {
  router = new Router();
  events = new EventStream();
  jobs = new JobList(this.events);
  curves = new LiveCurves(this.events);
  theme = new Theme();
  notices = new Notices();
  drawerOpen = $state(sessionStorage.getItem('biqa-studio.jobs') === 'open');

  setDrawer(open: boolean): void {
    this.drawerOpen = open;
    sessionStorage.setItem('biqa-studio.jobs', open ? 'open' : 'closed');
  }

  /** Runs an action and shows what went wrong, if anything. Resolves to undefined on failure. */
  async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      this.notices.failed(error);
      return undefined;
    }
  }

  destroy(): void {
    this.router.destroy();
    this.jobs.destroy();
    this.curves.destroy();
    this.events.destroy();
    this.theme.destroy();
  }
}

/** The window's Studio, from the component tree. */
export const [getStudio, setStudio] = createContext<Studio>();

/** A query that lives as long as the component that makes it. */
export function useQuery<T>(nouns: readonly Noun[], load: (signal: AbortSignal) => Promise<T>): Query<T> {
  const query = new Query(getStudio().events, nouns, load);
  onDestroy(() => query.destroy());
  return query;
}
