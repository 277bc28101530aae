import { formatRoute, parseRoute, type Route } from '../routes.ts';

/** The current view, in step with the location hash. */
export class Router {
  route = $state.raw<Route>(parseRoute(location.hash));
  /** The hash that `route` was read from. Another one in the address means that a navigation is on its way. */
  #hash = location.hash;

  constructor() {
    addEventListener('hashchange', this.#read);
  }

  /** Opens a view, with an entry in the history. */
  go(route: Route): void {
    location.hash = formatRoute(route);
  }

  /**
   * Changes the view in place: filters, positions, redirects. Comes too late, and does nothing, when the person has just
   * followed a link: the browser changes the address at once and says so later.
   */
  replace(route: Route): void {
    if (location.hash !== this.#hash) return;
    history.replaceState(history.state, '', formatRoute(route));
    this.#hash = location.hash;
    this.route = route;
  }

  destroy(): void {
    removeEventListener('hashchange', this.#read);
  }

  #read = (): void => {
    this.#hash = location.hash;
    this.route = parseRoute(location.hash);
  };
}
