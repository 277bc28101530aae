import { existsSync } from 'node:fs';
import path from 'node:path';
import { StudioError } from '../../src-shared/errors.ts';
import type { ReferenceImage } from '../../src-shared/inspect.ts';
import type { ImageRow } from '../catalog/images.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';

/** The image's absolute path; a label file that points out of its folder gets nothing. */
export function fileOf(reader: CatalogReader, image: ImageRow): string {
  const folder = path.resolve(reader.datasets.folder(image.dataset_id));
  const file = path.resolve(folder, image.file);
  if (!file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)) {
    throw new StudioError('forbidden', `The file of ${image.name} is outside the dataset folder`);
  }
  return file;
}

/**
 * The pristine picture that an image was made from: a row of the catalog, else a file beside the image that has the
 * reference's name (KADID-10k's references carry no score and so have no row). `file` is its absolute path.
 */
export function referenceOf(
  reader: CatalogReader,
  image: ImageRow,
): { reference: ReferenceImage; file: string | null } {
  const row = reader.related.reference(image);
  if (row !== null) {
    return { reference: { kind: 'image', ...row }, file: fileOf(reader, reader.images.get(row.id)) };
  }
  if (image.reference === null) return { reference: null, file: null };
  const own = fileOf(reader, image);
  const name = namesOf(image.reference).find(
    // The image may be called after its own reference.
    (candidate) => candidate !== path.basename(own) && existsSync(path.join(path.dirname(own), candidate)),
  );
  if (name === undefined) return { reference: null, file: null };
  return { reference: { kind: 'file', name }, file: path.join(path.dirname(own), name) };
}

const ENDINGS = ['png', 'bmp', 'jpg', 'jpeg', 'tif', 'tiff', 'webp'].flatMap((e) => [e, e.toUpperCase()]);

/** File names that a reference may stand for: itself, or itself with an ending. None where it leaves the image's folder. */
function namesOf(reference: string): string[] {
  if (reference !== path.basename(reference)) return [];
  return PICTURE_EXTENSION.test(reference) ? [reference] : ENDINGS.map((ending) => `${reference}.${ending}`);
}
