/** Near-duplicate images across the two sides of a split (docs/data.md, "Near-duplicates"). */
import type { RunWarning } from '../../src-shared/runs.ts';
import type { StreamKey } from '../catalog/features.ts';
import {
  NEAR_DUPLICATES,
  type NearDuplicateCheck,
  type NearDuplicateToStore,
  type SplitRow,
} from '../catalog/near-duplicates.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import type { FingerprintSearch } from './close-fingerprints.ts';
import { confirmationOf } from './confirm-duplicates.ts';
import { streamKeys } from './plan.ts';

/** One part of a protocol, e.g. a fold: what was trained on, and what was predicted. */
export type SplitPart = { part: number; train: readonly SplitRow[]; test: readonly SplitRow[] };

/** Names that a warning gives. */
const NAMED = 3;

/** Compares the two sides of every part of a stored run. */
export function checkRun(
  reader: CatalogReader,
  search: FingerprintSearch,
  run: StoredRun,
  parts: readonly SplitPart[],
): NearDuplicateCheck {
  const check = findNearDuplicates(reader, search, parts, streamKeys(run));
  const leaksByDesign = run.warnings.some((w) => w.code === 'leakage');
  return { ...check, warning: warningOf(check, parts, leaksByDesign) };
}

/**
 * For each test image of each part the training image most like it, where there is a near-duplicate: a close
 * fingerprint and, where the run has a vision stream to ask, a close embedding (confirm-duplicates.ts). Equal contents always count.
 */
export function findNearDuplicates(
  reader: Pick<CatalogReader, 'features'>,
  search: FingerprintSearch,
  parts: readonly SplitPart[],
  streams: readonly StreamKey[],
): Omit<NearDuplicateCheck, 'warning'> {
  const contents = new Set(parts.flatMap(({ train, test }) => [...train, ...test].map((r) => r.content)));
  const close = search.among(contents);
  const { stream, maxDistance, confirm } = confirmationOf(reader, streams);
  const found: NearDuplicateToStore[] = [];
  let checked = 0;
  for (const { part, train, test } of parts) {
    const inTraining = Map.groupBy(train, (row) => row.content);
    for (const { image, content } of test) {
      const near = close.near(content);
      if (near === null) continue;
      checked++;
      const matches = near.flatMap(({ content: other, distance }) => {
        if (distance > maxDistance || !inTraining.has(other)) return [];
        const { same, cosine } = confirm(content, other);
        return same ? [{ content: other, distance, cosine }] : [];
      });
      if (matches.length === 0) continue;
      const nearest = matches.reduce((a, b) => (closer(b, a) ? b : a));
      found.push({
        part,
        test: image,
        train: inTraining.get(nearest.content)![0]!.image,
        distance: nearest.distance,
        cosine: nearest.cosine,
        inTraining: matches.reduce((sum, other) => sum + inTraining.get(other.content)!.length, 0),
      });
    }
  }
  const total = parts.reduce((sum, { test }) => sum + test.length, 0);
  return { total, checked, stream, found };
}

function closer(
  a: { distance: number; cosine: number | null },
  b: { distance: number; cosine: number | null },
): boolean {
  return a.distance === b.distance ? (a.cosine ?? 0) > (b.cosine ?? 0) : a.distance < b.distance;
}

/** How many, and a few names; where the folds already cut through groups, the count alone says how much that is. */
function warningOf(
  { found, checked, total, stream }: Omit<NearDuplicateCheck, 'warning'>,
  parts: readonly SplitPart[],
  leaksByDesign: boolean,
): RunWarning | null {
  if (found.length === 0) return null;
  const names = new Map(
    parts.flatMap(({ train, test }) => [...train, ...test].map((r) => [r.image, r.name])),
  );
  const examples = found
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, NAMED)
    .map(({ test, train }) => `${names.get(test)} and ${names.get(train)}`)
    .join('; ');
  const images = checked === 1 ? 'test image' : 'test images';
  const count = `${found.length} of ${checked} ${images} ${found.length === 1 ? 'has' : 'have'} a near-duplicate in training (perceptual hash${stream === null ? '' : `, confirmed by ${stream}`})`;
  const unchecked = checked === total ? '' : ` ${total - checked} more could not be compared.`;
  const message = leaksByDesign
    ? `${count}: that is how much the folds by image share.${unchecked}`
    : `${count}, so the figures are optimistic. The closest: ${examples}.${unchecked}`;
  return { code: NEAR_DUPLICATES, message };
}
