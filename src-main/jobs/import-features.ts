import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { FeatureToStore } from '../catalog/features.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { readFeatureFile, type FeatureTable } from '../streams/feature-files.ts';

type Imported = {
  dataset: string;
  stream: string;
  version: string;
  dimension: number;
  images: number;
  unknown: number;
};

/**
 * Takes in somebody else's features for a dataset; their version is the file's hash, so provenance never gets lost.
 * Rows are matched by image name (or by label order for a bare NPY). Throws StudioError where nothing matches.
 */
export async function importFeatureFile(
  { reader, writer }: { reader: CatalogReader; writer: CatalogWriter },
  input: { dataset: number; stream: string; path: string },
): Promise<Imported> {
  const { dataset: id, stream, path: file } = input;
  const dataset = reader.datasets.get(id);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
  const table = await readFeatureFile(file);
  const version = `imported-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
  const { rows, unknown } = matchRows(reader.features.contents(id), table, file);
  await writer.importFeatures(
    id,
    { stream, version, dimension: table.dimension, source: path.basename(file), columns: table.columns },
    rows,
  );
  return { dataset: dataset.name, stream, version, dimension: table.dimension, images: rows.length, unknown };
}

function matchRows(
  images: readonly { name: string; content: string }[],
  table: FeatureTable,
  file: string,
): { rows: FeatureToStore[]; unknown: number } {
  const { names } = table;
  if (names === null) {
    if (table.rows.length !== images.length) {
      throw new StudioError(
        'bad-input',
        `The file has ${table.rows.length} rows, the dataset has ${images.length} images`,
        {
          file,
          hint: 'Without names the rows must be in label order, one per image; else use NPZ with "names" and "x", or CSV.',
        },
      );
    }
    return { rows: table.rows.map((vector, i) => ({ content: images[i]!.content, vector })), unknown: 0 };
  }
  const byName = new Map(images.map((image) => [image.name, image.content]));
  const rows = table.rows.flatMap((vector, i) => {
    const content = byName.get(names[i]!);
    return content === undefined ? [] : [{ content, vector }];
  });
  if (rows.length === 0) {
    throw new StudioError('bad-input', 'None of the image names of the file is in the dataset', {
      file,
      hint: `The dataset's names look like "${images[0]?.name ?? ''}", the file's like "${names[0] ?? ''}".`,
    });
  }
  return { rows, unknown: table.rows.length - rows.length };
}
