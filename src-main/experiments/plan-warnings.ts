/** What a run must say about its data before it is trained. */
import type { DatasetSummary } from '../../src-shared/dataset.ts';
import type { Protocol } from '../../src-shared/experiment-spec.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import type { PopulationRow } from '../catalog/population.ts';
import { unitOf, type Part } from './parts.ts';

/** A dataset with its images that take part. */
export type Side = { dataset: DatasetSummary; population: readonly PopulationRow[] };

/** Leakage of content, images that two datasets share, and images that are left out. */
export function planWarnings(
  protocol: Protocol,
  tested: Side,
  source: Side | null,
  parts: readonly Part[],
): RunWarning[] {
  return [
    ...leakage(protocol, tested, parts),
    ...(source === null ? [] : overlap(tested, source)),
    ...partial(tested, protocol),
    ...(source === null ? [] : partial(source, protocol)),
  ];
}

/** Images of one group on both sides; results by group carry none, nor do two different datasets. */
function leakage(protocol: Protocol, { dataset, population }: Side, parts: readonly Part[]): RunWarning[] {
  if (dataset.groups === null || protocol.kind === 'cross' || unitOf(protocol) === 'group') return [];
  if (protocol.kind === 'official' && !parts.some((part) => sharesGroups(population, part))) return [];
  const drawn =
    protocol.kind === 'official'
      ? 'The official split separates images'
      : `${protocol.kind === 'split' ? 'Splits' : 'Folds'} are drawn by image`;
  const remedy = protocol.kind === 'official' ? '' : ' Run it by group to see how much.';
  return [
    {
      code: 'leakage',
      message: `${drawn}, but the images share ${dataset.groups.count} ${dataset.groups.kind} groups: the same content is on both sides of a split, so the figures are optimistic.${remedy}`,
    },
  ];
}

function sharesGroups(population: readonly PopulationRow[], { train, test }: Part): boolean {
  const trained = new Set(Array.from(train, (row) => population[row]!.group));
  return Array.from(test, (row) => population[row]!.group).some(
    (group) => group !== null && trained.has(group),
  );
}

/** The same picture in the dataset that is trained on and in the one that is tested. */
function overlap(tested: Side, source: Side): RunWarning[] {
  const trained = new Set(source.population.map((row) => row.content));
  const shared = tested.population.filter((row) => trained.has(row.content)).length;
  if (shared === 0) return [];
  const message = `${shared} of the ${tested.population.length} images of "${tested.dataset.name}" are also in "${source.dataset.name}": the model was trained on them.`;
  return [{ code: 'overlap', message }];
}

function partial({ dataset, population }: Side, protocol: Protocol): RunWarning[] {
  const left = dataset.images - population.length;
  if (left === 0) return [];
  const reasons = `no score, no file, ${protocol.kind === 'official' ? 'no place in the official split, ' : ''}or a stream that is not extracted`;
  return [
    {
      code: 'partial',
      message: `${left} of the ${dataset.images} images of "${dataset.name}" are left out: ${reasons}.`,
    },
  ];
}
