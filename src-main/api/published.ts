import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parsePublished, type PublishedPaper } from '../../src-shared/published.ts';

/** Folder of the published results, one file per paper. */
const FOLDER = path.resolve(import.meta.dirname, '../../resources/published');
let loaded: PublishedPaper[] | null = null;

/** Every paper's tables, read and checked once. Throws StudioError bad-input that names file and field. */
export function loadPublished(): PublishedPaper[] {
  return (loaded ??= readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => path.join(FOLDER, name))
    .map((file) => parsePublished(JSON.parse(readFileSync(file, 'utf8')), file)));
}
