import { formatRoute, parseRoute, type Route } from '../routes.ts';

/** The current view, in step with the location hash. */
export class Router {
  route = $state.raw<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener('hashchange', this.#read);
  }

  /** Opens a view, with an entry in the history. */
  go(route: Route): void {
    location.hash = formatRoute(route);
  }

  /** Changes the view in place: filters, positions, redirects. */
  replace(route: Route): void {
    history.replaceState(history.state, '', formatRoute(route));
    this.route = route;
  }

  destroy(): void {
    removeEventListener('hashchange', this.#read);
  }

  #read = (): void => {
    this.route = parseRoute(location.hash);
  };
}
