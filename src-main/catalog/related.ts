import type { ImageRow } from './images.ts';
import type { Db } from './open.ts';

/** Reading side of what belongs to an image: its pristine version and the other levels of its distortion. */
export function relatedReads(db: Db) {
  const pristine = db.prepare<[number, string], { id: number; name: string }>(
    `SELECT id, name FROM images WHERE dataset_id = ? AND group_name = ? AND distortion IS NULL AND coalesce(level, 0) = 0
     ORDER BY position LIMIT 2`,
  );
  const named = db.prepare<[number, string, string], { id: number; name: string }>(
    `SELECT id, name FROM images WHERE dataset_id = ? AND name >= ? AND name < ? ORDER BY name`,
  );
  const ladder = db.prepare<[number, string, string], { id: number; name: string; level: number }>(
    `SELECT id, name, level FROM images WHERE dataset_id = ? AND group_name = ? AND distortion = ? AND level IS NOT NULL
     ORDER BY level, position`,
  );
  return {
    /** The image that `reference` names, with or without its ending; else the only undistorted one of a distorted image's group. */
    reference(image: ImageRow): { id: number; name: string } | null {
      if (image.reference !== null) {
        // Names that begin with the reference's: the index on names finds them.
        const candidates = named.all(image.dataset_id, image.reference, `${image.reference}\u{10ffff}`);
        const found = candidates.find(
          ({ id, name }) =>
            id !== image.id && (name === image.reference || name.replace(/\.\w+$/, '') === image.reference),
        );
        if (found !== undefined) return found;
      }
      if (image.group_name === null || image.distortion === null) return null;
      const alone = pristine.all(image.dataset_id, image.group_name).filter(({ id }) => id !== image.id);
      return alone.length === 1 ? alone[0]! : null;
    },
    /** Images of the same group and distortion by level, this one included. */
    ladder: (image: ImageRow) =>
      image.group_name === null || image.distortion === null || image.level === null
        ? []
        : ladder.all(image.dataset_id, image.group_name, image.distortion),
  };
}
