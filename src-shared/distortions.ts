/**
 * The 25 distortion types of KADID-10k and their five levels, as data.
 * Names and order: KADID-10k release; parameters: its public generator (Lin, Hosu & Saupe, QoMEX 2019).
 * Types 04, 05 and 12 follow the studio's specification, where the generator's exact values are uncertain.
 */

/** The seven families that charts group by. */
export type DistortionGroup =
  'blur' | 'colour' | 'compression' | 'noise' | 'brightness' | 'spatial' | 'sharpness/contrast';

/** One row of the table. `type` is the two-digit code in file names; `levels[k - 1]` is the parameter of level k. */
export type DistortionType = {
  type: string;
  name: string;
  group: DistortionGroup;
  parameter: string;
  levels: readonly [number, number, number, number, number];
};

/** All 25 types, in KADID-10k's order. */
export const DISTORTION_TYPES: readonly DistortionType[] = [
  { type: '01', name: 'Gaussian blur', group: 'blur', parameter: 'sigma in px', levels: [0.1, 0.5, 1, 2, 5] },
  { type: '02', name: 'Lens blur', group: 'blur', parameter: 'disk radius in px', levels: [1, 2, 4, 6, 8] },
  { type: '03', name: 'Motion blur', group: 'blur', parameter: 'length in px', levels: [1, 2, 4, 6, 10] },
  { type: '04', name: 'Color diffusion', group: 'colour', parameter: 'amount', levels: [1, 3, 6, 8, 12] },
  {
    type: '05',
    name: 'Color shift',
    group: 'colour',
    parameter: 'shift of green in px',
    levels: [1, 3, 6, 8, 12],
  },
  {
    type: '06',
    name: 'Color quantization',
    group: 'colour',
    parameter: 'colours',
    levels: [64, 48, 32, 16, 8],
  },
  {
    type: '07',
    name: 'Color saturation 1',
    group: 'colour',
    parameter: 'HSV saturation factor',
    levels: [0.4, 0.2, 0.1, 0, -0.4],
  },
  {
    type: '08',
    name: 'Color saturation 2',
    group: 'colour',
    parameter: 'Lab a, b factor',
    levels: [1, 2, 3, 6, 9],
  },
  {
    type: '09',
    name: 'JPEG2000',
    group: 'compression',
    parameter: 'compression ratio',
    levels: [16, 32, 45, 120, 170],
  },
  { type: '10', name: 'JPEG', group: 'compression', parameter: 'quality', levels: [43, 36, 24, 7, 4] },
  {
    type: '11',
    name: 'White noise',
    group: 'noise',
    parameter: 'variance',
    levels: [0.001, 0.002, 0.003, 0.005, 0.01],
  },
  {
    type: '12',
    name: 'White noise in color component',
    group: 'noise',
    parameter: 'variance in YCbCr',
    levels: [0.014, 0.0198, 0.0343, 0.0524, 0.0743],
  },
  {
    type: '13',
    name: 'Impulse noise',
    group: 'noise',
    parameter: 'density',
    levels: [0.001, 0.005, 0.01, 0.02, 0.03],
  },
  {
    type: '14',
    name: 'Multiplicative noise',
    group: 'noise',
    parameter: 'variance',
    levels: [0.001, 0.005, 0.01, 0.02, 0.05],
  },
  {
    type: '15',
    name: 'Denoise',
    group: 'noise',
    parameter: 'variance before denoising',
    levels: [0.001, 0.002, 0.003, 0.005, 0.01],
  },
  {
    type: '16',
    name: 'Brighten',
    group: 'brightness',
    parameter: 'curve amount',
    levels: [0.1, 0.2, 0.4, 0.7, 1.1],
  },
  {
    type: '17',
    name: 'Darken',
    group: 'brightness',
    parameter: 'curve amount',
    levels: [0.05, 0.1, 0.2, 0.4, 0.8],
  },
  {
    type: '18',
    name: 'Mean shift',
    group: 'brightness',
    parameter: 'shift',
    levels: [0, 0.08, -0.08, 0.15, -0.15],
  },
  {
    type: '19',
    name: 'Jitter',
    group: 'spatial',
    parameter: 'displacement in px',
    levels: [0.05, 0.1, 0.2, 0.5, 1],
  },
  {
    type: '20',
    name: 'Non-eccentricity patch',
    group: 'spatial',
    parameter: 'patches moved',
    levels: [20, 40, 60, 80, 100],
  },
  {
    type: '21',
    name: 'Pixelate',
    group: 'spatial',
    parameter: 'strength',
    levels: [0.01, 0.05, 0.1, 0.2, 0.5],
  },
  {
    type: '22',
    name: 'Quantization',
    group: 'spatial',
    parameter: 'grey levels',
    levels: [20, 16, 13, 10, 7],
  },
  { type: '23', name: 'Color block', group: 'spatial', parameter: 'blocks', levels: [2, 4, 6, 8, 10] },
  {
    type: '24',
    name: 'High sharpen',
    group: 'sharpness/contrast',
    parameter: 'unsharp amount',
    levels: [1, 2, 3, 6, 12],
  },
  {
    type: '25',
    name: 'Contrast change',
    group: 'sharpness/contrast',
    parameter: 'curve amount',
    levels: [0, 0.15, -0.4, 0.3, -0.6],
  },
];

const BY_TYPE = new Map(DISTORTION_TYPES.map((row) => [row.type, row]));

/** The table row of a two-digit type code ('07'), or undefined when KADID-10k has no such type. */
export function findDistortion(type: string): DistortionType | undefined {
  return BY_TYPE.get(type);
}

/** The name of a two-digit type code; a code that is not KADID's (another dataset's label) is its own name. */
export function distortionName(type: string): string {
  return findDistortion(type)?.name ?? type;
}

/** Whether a higher level of the type is worse: all but mean shift and contrast change, whose parameters change sign. */
export function worsensWithLevel(type: string): boolean {
  return type !== '18' && type !== '25';
}

/** What a KADID file name says: reference 'I01', type '07', level 1-5. */
export type KadidName = { reference: string; type: string; level: number };

/** Reads `I01_07_03.png` (any case); null for every name that is not a KADID distorted image. */
export function parseKadidName(fileName: string): KadidName | null {
  const match = /^(I\d+)_(\d\d)_0([1-5])\.png$/i.exec(fileName);
  if (match === null || !BY_TYPE.has(match[2]!)) return null;
  return { reference: match[1]!.toUpperCase(), type: match[2]!, level: Number(match[3]) };
}

/** The file name of a distorted image, the inverse of parseKadidName. */
export function kadidName({ reference, type, level }: KadidName): string {
  return `${reference}_${type}_0${level}.png`;
}
