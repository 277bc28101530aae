/**
 * LIVE In the Wild (Ghadiyaram & Bovik, IEEE TIP 2016): 1,162 photographs; the labels are three MATLAB files whose
 * first 7 of 1,169 entries (t1.bmp to t7.bmp) are the training images of the study and are dropped.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError } from '../../src-shared/errors.ts';
import { baseName } from './folder-index.ts';
import type { FolderIndex } from './folder-index.ts';
import { addLabel, blankRow, chooseLabel } from './label-table.ts';
import type { DatasetReader, LabelRow, LabelTable } from './label-table.ts';
import { readMat } from './mat.ts';
import type { MatValue } from './mat.ts';

const TRAINING_IMAGES = 7;
/** The release's files have 10 KB; this only guards against somebody else's. */
const MAX_MAT_BYTES = 64 * 1024 * 1024;

/** Reader of LIVE In the Wild. Label: MOS (0-100); no groups. */
export const liveItwReader: DatasetReader = {
  format: 'live-itw',
  title: 'LIVE In the Wild',
  labelFile: 'AllImages_release.mat, AllMOS_release.mat and AllStdDev_release.mat',
  recognises: ({ index }) => matFile(index, 'AllMOS_release') !== undefined,
  async read({ index }, options): Promise<LabelTable> {
    const mosFile = requireMat(index, 'AllMOS_release');
    const label = chooseLabel(['MOS'], options.label, mosFile);
    const names = textsOf(
      await readVariable(index, 'AllImages_release'),
      requireMat(index, 'AllImages_release'),
    );
    const mos = numbersOf(await readVariable(index, 'AllMOS_release'), mosFile);
    const std = numbersOf(
      await readVariable(index, 'AllStdDev_release'),
      requireMat(index, 'AllStdDev_release'),
    );
    if (names.length !== mos.length || names.length !== std.length) {
      throw new StudioError(
        'bad-input',
        `${names.length} names, ${mos.length} scores and ${std.length} deviations`,
        {
          file: mosFile,
          hint: 'Take the three .mat files from the same release.',
        },
      );
    }
    const all = names.map((name, i): LabelRow => {
      const row = blankRow(i + 1, name);
      addLabel(row, { name: 'MOS', mos: mos[i]!, std: Number.isFinite(std[i]) ? std[i]! : null });
      row.original = {
        AllImages_release: name,
        AllMOS_release: String(mos[i]),
        AllStdDev_release: String(std[i]),
      };
      return row;
    });
    const isTraining = (row: LabelRow): boolean =>
      row.row <= TRAINING_IMAGES && /^t[1-7]\.bmp$/i.test(row.name);
    const dropped = all.filter(isTraining);
    return {
      file: mosFile,
      name: 'live-itw',
      label,
      labels: ['MOS'],
      scale: { min: 0, max: 100, better: 'higher' },
      groupKind: null,
      synthetic: false,
      rows: all.filter((row) => !isTraining(row)),
      notes:
        dropped.length > 0
          ? [`The first ${dropped.length} entries are training images and were dropped.`]
          : [],
      dropped: dropped.map(({ name }) => ({
        kind: 'dropped',
        name,
        reason: 'a training image of the study',
      })),
      imageFolders: ['Images', ''],
      mixesFolders: false,
    };
  },
};

/** Absolute path of a release file, letter case ignored; undefined where it is not there. */
function matFile(index: FolderIndex, name: string): string | undefined {
  const found = index.byBaseName.get(`${name}.mat`.toLowerCase())?.[0];
  return found === undefined ? undefined : path.join(index.folder, found);
}

function requireMat(index: FolderIndex, name: string): string {
  const file = matFile(index, name);
  if (file !== undefined) return file;
  throw new StudioError('not-found', `${name}.mat is missing`, {
    file: index.folder,
    hint: 'LIVE In the Wild needs AllImages_release.mat, AllMOS_release.mat and AllStdDev_release.mat (folder Data).',
  });
}

/** The variable called like its file, else the only one in it. */
async function readVariable(index: FolderIndex, name: string): Promise<MatValue> {
  const file = requireMat(index, name);
  if ((await stat(file)).size > MAX_MAT_BYTES) {
    throw new StudioError('bad-input', 'The label file is far too large', {
      file,
      hint: 'Copy it from the release again.',
    });
  }
  const variables = readMat(await readFile(file), file);
  const value = variables.get(name) ?? (variables.size === 1 ? [...variables.values()][0] : undefined);
  if (value !== undefined) return value;
  throw new StudioError('bad-input', `${baseName(file)} holds no variable ${name}`, {
    file,
    hint: 'Copy it from the release again.',
  });
}

function textsOf(value: MatValue, file: string): string[] {
  const cells = value.kind === 'cell' ? value.cells : [];
  if (cells.length > 0 && cells.every((cell) => cell.kind === 'text'))
    return cells.map((cell) => cell.text.trim());
  throw new StudioError('bad-input', 'The image names are no list of texts', {
    file,
    hint: 'Copy it from the release again.',
  });
}

function numbersOf(value: MatValue, file: string): Float64Array {
  if (value.kind === 'numeric') return value.values;
  throw new StudioError('bad-input', 'The scores are no list of numbers', {
    file,
    hint: 'Copy it from the release again.',
  });
}
