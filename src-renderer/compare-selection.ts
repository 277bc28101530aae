/** What the Compare page shows where the address leaves it open. Pure. */
import type { ComparableRun } from '../src-shared/analysis.ts';
import type { CompareView } from './routes.ts';

/** A complete choice over the runs that exist. */
export type Selection = {
  runs: ComparableRun[];
  baseline: ComparableRun | null;
  /** The pair of the delta; null with fewer than two runs. */
  pair: { with: ComparableRun; without: ComparableRun } | null;
  /** The stream that the pair differs by, where it is exactly one. */
  added: string | null;
  gated: ComparableRun | null;
  stream: string | null;
};

/** Fills in what the address leaves open: baseline first, the pair that differs by NSS, the first gated run. */
export function completeSelection(view: CompareView, all: readonly ComparableRun[]): Selection {
  const runs = view.runs.flatMap((id) => all.find((run) => run.run === id) ?? []);
  const named = (id: number | null) => runs.find((run) => run.run === id);
  const found = deltaPair(runs);
  const first = named(view.with) ?? found?.with;
  const second = named(view.without) ?? found?.without;
  const pair = first === undefined || second === undefined ? null : { with: first, without: second };
  const gated = named(view.gated) ?? runs.find((run) => run.gate !== null) ?? null;
  const streams = gated?.streams.map((s) => s.stream) ?? [];
  const added = pair === null ? null : addedStream(pair.with, pair.without);
  const wanted = [view.stream, added, 'nss', streams[0]];
  return {
    runs,
    baseline: named(view.baseline) ?? runs[0] ?? null,
    pair,
    added,
    gated,
    stream: wanted.find((stream) => stream != null && streams.includes(stream)) ?? null,
  };
}

/** Two runs on one dataset that differ by exactly one stream, preferably NSS; else the first two. */
function deltaPair(runs: readonly ComparableRun[]): Selection['pair'] {
  const pairs = runs.flatMap((a) =>
    runs.flatMap((b) => {
      const added = a.dataset.id === b.dataset.id ? addedStream(a, b) : null;
      return added === null ? [] : [{ with: a, without: b, added }];
    }),
  );
  const best = pairs.find(
    (pair) => pair.added === 'nss' && pair.with.gate === null && pair.without.streams.length > 1,
  );
  const chosen = best ?? pairs.find((pair) => pair.added === 'nss') ?? pairs[0];
  if (chosen !== undefined) return { with: chosen.with, without: chosen.without };
  return runs.length < 2 ? null : { with: runs[0]!, without: runs[1]! };
}

/** The stream that `a` has and `b` has not, where that is all they differ by. */
function addedStream(a: ComparableRun, b: ComparableRun): string | null {
  const [more, less] = [a, b].map((run) => run.streams.map((s) => s.stream)) as [string[], string[]];
  const added = more.filter((stream) => !less.includes(stream));
  return added.length === 1 && more.length === less.length + 1 ? added[0]! : null;
}

/** Why two runs have no images in common, known without asking; null where they may have. */
export function otherDataset(a: ComparableRun, b: ComparableRun): string | null {
  return a.dataset.id === b.dataset.id
    ? null
    : `${a.label} was tested on ${a.dataset.name}, ${b.label} on ${b.dataset.name}: there is no image-by-image comparison. The matrix below shows both`;
}

/** "NSS delta" where the pair differs by NSS alone, else what the runs are called. */
export function deltaName({ pair, added }: Pick<Selection, 'pair' | 'added'>): string {
  if (added !== null) return `${added === 'nss' ? 'NSS' : added} delta`;
  return pair === null ? 'delta' : `${pair.with.label} minus ${pair.without.label}`;
}
