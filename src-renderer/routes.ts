/** The window's URL hashes: every view is a hash that restores it. Pure; the Router class keeps it in step. */
import type { ImageSort, ImageStatus } from '../src-shared/dataset.ts';

/** Filters, order and position of a dataset's grid. */
export type GridView = {
  sort: ImageSort;
  descending: boolean;
  run: number | null;
  text: string;
  mos: [number, number] | null;
  types: string[];
  levels: number[];
  group: string;
  status: ImageStatus | null;
  /** Index of the cell that was last focused or at the top, to restore the scroll position. */
  at: number;
};

/** What the Compare page shows; null stands for the page's own choice. */
export type CompareView = {
  runs: number[];
  baseline: number | null;
  /** The two runs of the NSS delta, and the run whose gates are shown. */
  with: number | null;
  without: number | null;
  gated: number | null;
  stream: string | null;
  /** Published table, as paper/table. */
  published: string | null;
};

/** One image in the Inspector; `from` is where Back goes, `index` the image's place in that grid. */
export type ImageRoute = {
  page: 'image';
  id: number;
  run: number | null;
  from: string | null;
  index: number | null;
  /** The image beside it: its own reference, or another one of the catalog. */
  compare?: number | 'reference';
  /** How the two are shown; side by side where absent. */
  view?: 'difference' | 'flicker';
  /** NSS feature whose block map lies over the picture. */
  map?: string;
};

/** A new experiment: the dataset to train on, and what fills the form. */
export type ExperimentsRoute = {
  page: 'experiments';
  dataset: number | null;
  /** The dataset to test on, for templates with two. */
  test?: number;
  /** A table or figure of the paper, by its template's id. */
  template?: string;
  /** "studio" where absent. */
  preset?: 'paper';
  /** Or the twin of this run with its folds by group. */
  groupLevelOf: number | null;
};

/** A view of the window with everything that restores it. */
export type Route =
  | { page: 'home' }
  | { page: 'add'; folder: string | null; job: number | null }
  | { page: 'demo'; job: number | null }
  | { page: 'datasets' }
  | { page: 'dataset'; id: number; view: GridView }
  | { page: 'streams'; dataset: number | null; stream: string | null }
  | { page: 'encoders'; encoder: string | null }
  | ExperimentsRoute
  | { page: 'ladder'; id: number; run: number | null; job: number | null }
  | { page: 'makeLadder'; job: number | null }
  | { page: 'runs' }
  | { page: 'run'; id: number }
  | { page: 'compare'; view: CompareView }
  | { page: 'score'; run: number | null; job: number | null }
  | { page: 'compareFolders'; run: number | null; job: number | null }
  | ImageRoute
  | { page: 'unknown'; hash: string };

const SORTS: readonly ImageSort[] = [
  'position',
  'name',
  'mos',
  'std',
  'distortion',
  'level',
  'group',
  'residual',
];
const STATUSES: readonly ImageStatus[] = ['ok', 'missing', 'unreadable'];

/** The grid as it is first shown: label order, nothing filtered. */
export const DEFAULT_VIEW: GridView = {
  sort: 'position',
  descending: false,
  run: null,
  text: '',
  mos: null,
  types: [],
  levels: [],
  group: '',
  status: null,
  at: 0,
};

/** Reads a location hash ('' , '#/run/5', '#/datasets/3?sort=mos'); what it cannot read becomes page 'unknown'. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const parts = path.split('/').filter((part) => part !== '');
  const params = new URLSearchParams(query);
  const [noun, second, ...rest] = parts;
  if (rest.length > 0) return { page: 'unknown', hash };
  if (second !== undefined) {
    const id = integer(second);
    if (id === null) return { page: 'unknown', hash };
    if (noun === 'datasets') return { page: 'dataset', id, view: parseView(params) };
    if (noun === 'ladder') {
      return { page: 'ladder', id, run: integer(params.get('run')), job: integer(params.get('job')) };
    }
    if (noun === 'run') return { page: 'run', id };
    if (noun === 'image') {
      return { page: 'image', id, ...parseImage(params) };
    }
    return { page: 'unknown', hash };
  }
  switch (noun) {
    case undefined:
      return { page: 'home' };
    case 'add':
      return { page: 'add', folder: params.get('folder'), job: integer(params.get('job')) };
    case 'demo':
      return { page: 'demo', job: integer(params.get('job')) };
    case 'datasets':
      return { page: 'datasets' };
    case 'streams':
      return { page: 'streams', dataset: integer(params.get('dataset')), stream: params.get('stream') };
    case 'encoders':
      return { page: 'encoders', encoder: params.get('encoder') };
    case 'experiments':
      return parseExperiments(params);
    case 'make-ladder':
      return { page: 'makeLadder', job: integer(params.get('job')) };
    case 'runs':
      return { page: 'runs' };
    case 'compare':
      return { page: 'compare', view: parseCompare(params) };
    case 'score':
      return { page: 'score', run: integer(params.get('run')), job: integer(params.get('job')) };
    case 'compare-folders':
      return { page: 'compareFolders', run: integer(params.get('run')), job: integer(params.get('job')) };
    default:
      return { page: 'unknown', hash };
  }
}

/** The hash of a route, '#' included; parseRoute(formatRoute(r)) gives r back. */
export function formatRoute(route: Route): string {
  switch (route.page) {
    case 'home':
      return '#/';
    case 'add':
      return withQuery('#/add', { folder: route.folder, job: route.job });
    case 'demo':
      return withQuery('#/demo', { job: route.job });
    case 'dataset':
      return withQuery(`#/datasets/${route.id}`, formatView(route.view));
    case 'streams':
      return withQuery('#/streams', { dataset: route.dataset, stream: route.stream });
    case 'encoders':
      return withQuery('#/encoders', { encoder: route.encoder });
    case 'experiments':
      return withQuery('#/experiments', {
        template: route.template ?? null,
        dataset: route.dataset,
        test: route.test ?? null,
        preset: route.preset ?? null,
        groupLevelOf: route.groupLevelOf,
      });
    case 'ladder':
      return withQuery(`#/ladder/${route.id}`, { run: route.run, job: route.job });
    case 'makeLadder':
      return withQuery('#/make-ladder', { job: route.job });
    case 'run':
      return `#/run/${route.id}`;
    case 'compare':
      return withQuery('#/compare', { ...route.view, runs: listOrNull(route.view.runs) });
    case 'score':
      return withQuery('#/score', { run: route.run, job: route.job });
    case 'compareFolders':
      return withQuery('#/compare-folders', { run: route.run, job: route.job });
    case 'image':
      return withQuery(`#/image/${route.id}`, {
        run: route.run,
        from: route.from,
        index: route.index,
        with: route.compare ?? null,
        view: route.view ?? null,
        map: route.map ?? null,
      });
    case 'unknown':
      return route.hash;
    default:
      return `#/${route.page}`;
  }
}

function parseImage(params: URLSearchParams): Omit<ImageRoute, 'page' | 'id'> {
  const compare = params.get('with') === 'reference' ? 'reference' : integer(params.get('with'));
  const view = params.get('view');
  const map = params.get('map');
  return {
    run: integer(params.get('run')),
    from: params.get('from'),
    index: integer(params.get('index')),
    ...(compare === null ? {} : { compare }),
    ...(view === 'difference' || view === 'flicker' ? { view } : {}),
    ...(map === null ? {} : { map }),
  };
}

function parseExperiments(params: URLSearchParams): ExperimentsRoute {
  const test = integer(params.get('test'));
  const template = params.get('template');
  return {
    page: 'experiments',
    dataset: integer(params.get('dataset')),
    groupLevelOf: integer(params.get('groupLevelOf')),
    ...(test === null ? {} : { test }),
    ...(template === null ? {} : { template }),
    ...(params.get('preset') === 'paper' ? { preset: 'paper' as const } : {}),
  };
}

/** Nothing chosen yet. */
export const DEFAULT_COMPARE: CompareView = {
  runs: [],
  baseline: null,
  with: null,
  without: null,
  gated: null,
  stream: null,
  published: null,
};

function parseCompare(params: URLSearchParams): CompareView {
  return {
    runs: list(params.get('runs')).flatMap((text) => integer(text) ?? []),
    baseline: integer(params.get('baseline')),
    with: integer(params.get('with')),
    without: integer(params.get('without')),
    gated: integer(params.get('gated')),
    stream: params.get('stream'),
    published: params.get('published'),
  };
}

function parseView(params: URLSearchParams): GridView {
  const range = params.get('mos')?.split(',').map(Number);
  return {
    sort: SORTS.find((sort) => sort === params.get('sort')) ?? 'position',
    descending: params.get('desc') === '1',
    run: integer(params.get('run')),
    text: params.get('text') ?? '',
    mos: range?.length === 2 && range.every(Number.isFinite) ? (range as [number, number]) : null,
    types: list(params.get('type')),
    levels: list(params.get('level')).map(Number).filter(Number.isInteger),
    group: params.get('group') ?? '',
    status: STATUSES.find((status) => status === params.get('status')) ?? null,
    at: integer(params.get('at')) ?? 0,
  };
}

function formatView(view: GridView): Record<string, string | number | null> {
  return {
    sort: view.sort === 'position' ? null : view.sort,
    desc: view.descending ? 1 : null,
    run: view.run,
    text: view.text === '' ? null : view.text,
    mos: view.mos === null ? null : view.mos.join(','),
    type: view.types.length === 0 ? null : view.types.join(','),
    level: view.levels.length === 0 ? null : view.levels.join(','),
    group: view.group === '' ? null : view.group,
    status: view.status,
    at: view.at === 0 ? null : view.at,
  };
}

function withQuery(path: string, values: Record<string, string | number | null>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== null) params.set(key, String(value));
  const query = params.toString().replaceAll('%2C', ',').replaceAll('%2F', '/');
  return query === '' ? path : `${path}?${query}`;
}

function integer(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function listOrNull(values: readonly number[]): string | null {
  return values.length === 0 ? null : values.join(',');
}

function list(text: string | null): string[] {
  return text === null || text === '' ? [] : text.split(',');
}
