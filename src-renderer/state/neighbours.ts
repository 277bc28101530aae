import { api } from '../api.ts';
import { formatRoute, parseRoute, type ImageRoute } from '../routes.ts';
import { toImageQuery } from './image-grid.svelte.ts';

/** Views of the images before and after one; null at the ends. */
export type Neighbours = {
  previous: ImageRoute | null;
  next: ImageRoute | null;
  position: number;
  total: number;
};

/** The images beside this one: in the grid that it was opened from, else in label order. */
export async function findNeighbours(at: ImageRoute, signal: AbortSignal): Promise<Neighbours> {
  const from = at.from === null ? null : parseRoute(`#${at.from}`);
  if (from?.page === 'dataset' && at.index !== null) {
    const first = Math.max(0, at.index - 1);
    const query = { ...toImageQuery(from.id, from.view), offset: first, limit: at.index - first + 2 };
    const { items, total } = await api.images.page.query(query, { signal });
    const beside = (index: number): ImageRoute | null => {
      const item = items[index - first];
      if (item === undefined) return null;
      const view = { ...from.view, at: index };
      return {
        ...at,
        id: item.id,
        index,
        from: formatRoute({ page: 'dataset', id: from.id, view }).slice(1),
      };
    };
    const previous = at.index > 0 ? beside(at.index - 1) : null;
    return { previous, next: beside(at.index + 1), position: at.index, total };
  }
  const { previous, next, position, total } = await api.images.neighbours.query({ id: at.id }, { signal });
  const beside = (id: number | null): ImageRoute | null => (id === null ? null : { ...at, id });
  return { previous: beside(previous), next: beside(next), position, total };
}
