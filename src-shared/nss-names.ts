/** Names, families and plain-English explanations of the 138 NSS features (spec nss.md, version nss-138/1). */

export type NssFamilyId = 'intensity' | 'sobel' | 'lbp' | 'loggabor' | 'digit' | 'color';

/** The six feature families, in the order of the descriptor; `title` is what a person reads. */
export const NSS_FAMILIES: readonly { id: NssFamilyId; title: string }[] = [
  { id: 'intensity', title: 'Intensity' },
  { id: 'sobel', title: 'Sobel gradients' },
  { id: 'lbp', title: 'Local binary patterns' },
  { id: 'loggabor', title: 'Log-Gabor' },
  { id: 'digit', title: 'Leading digits' },
  { id: 'color', title: 'Colour' },
];

const ORIENTATIONS = [0, 1, 2, 3] as const;
const ORIENTATION_DEGREES = ['0', '45', '90', '135'] as const;
const SCALE_WAVELENGTH = ['3', '6'] as const;

const SPATIAL_NAMES: readonly string[] = [
  ...['mean', 'std', 'skew', 'kurtosis', 'entropy'].map((statistic) => `intensity.${statistic}`),
  ...['x.mean', 'x.var', 'y.mean', 'y.var'].map((statistic) => `sobel.${statistic}`),
  ...Array.from({ length: 15 }, (_, code) => `lbp.${String(code).padStart(2, '0')}`),
  ...[0, 1].flatMap((scale) =>
    ORIENTATIONS.flatMap((o) => [`loggabor.s${scale}.o${o}.mean`, `loggabor.s${scale}.o${o}.var`]),
  ),
  ...ORIENTATIONS.flatMap((o) => [`loggabor.o${o}.skew`, `loggabor.o${o}.kurtosis`]),
];

const COLOR_FREQUENCY_NAMES: readonly string[] = [
  ...Array.from({ length: 9 }, (_, i) => `digit.${i + 1}`),
  ...['r', 'g', 'b'].flatMap((channel) => ['mean', 'std', 'skew'].map((s) => `color.${channel}.${s}`)),
  ...['rg', 'rb', 'gb'].map((pair) => `color.cov.${pair}`),
];

/** How many of the block features are spatial: they come first, and are aggregated first. */
export const NSS_SPATIAL_COUNT = SPATIAL_NAMES.length;

/** The 69 features of one 32 x 32 block: 48 spatial, then 21 of colour and frequency. */
export const NSS_BLOCK_NAMES: readonly string[] = [...SPATIAL_NAMES, ...COLOR_FREQUENCY_NAMES];

/** The 138 public names in the order of the descriptor: mean and std of 48, then mean and std of 21. */
export const NSS_NAMES: readonly string[] = [SPATIAL_NAMES, COLOR_FREQUENCY_NAMES].flatMap((names) => [
  ...names.map((name) => `mean.${name}`),
  ...names.map((name) => `std.${name}`),
]);

/** The family of a public name ('mean.lbp.03') or block name ('lbp.03'). Throws RangeError for other names. */
export function familyOf(name: string): NssFamilyId {
  return parse(name).family;
}

/** One plain-English sentence about a public or block feature. Throws RangeError for other names. */
export function explainNss(name: string): string {
  const { aggregate, family, parts } = parse(name);
  const [what, high] = EXPLAIN[family](parts);
  if (aggregate === 'mean') return `Average over the 32 x 32 blocks of ${what}; high where ${high}.`;
  if (aggregate === 'std') return `How much ${what} differs from block to block (standard deviation).`;
  return `In one 32 x 32 block, ${what}; high where ${high}.`;
}

/** The unit of a public or block feature, for legends; '' where it has none. Throws RangeError for other names. */
export function nssUnit(name: string): string {
  const { family, parts } = parse(name);
  if (family === 'lbp' || family === 'digit') return 'share of pixels';
  if (family === 'intensity' && parts[0] === 'entropy') return 'bits';
  const statistic = parts[parts.length - 1]!;
  if (statistic === 'skew' || statistic === 'kurtosis') return '';
  // 8-bit grey or colour levels; variances and covariances in their squares.
  return statistic === 'var' || parts[0] === 'cov' ? 'levels²' : 'levels';
}

type ParsedName = { aggregate: 'mean' | 'std' | 'block'; family: NssFamilyId; parts: string[] };

const KNOWN = new Set([...NSS_NAMES, ...NSS_BLOCK_NAMES]);

function parse(name: string): ParsedName {
  if (!KNOWN.has(name)) throw new RangeError(`"${name}" is not an NSS feature`);
  const [first, ...rest] = name.split('.');
  if (first === 'mean' || first === 'std') {
    const [family, ...parts] = rest;
    return { aggregate: first, family: family as NssFamilyId, parts };
  }
  return { aggregate: 'block', family: first as NssFamilyId, parts: rest };
}

/** What the feature measures, and what makes it high. */
type Phrases = [what: string, high: string];

const INTENSITY: Record<string, Phrases> = {
  mean: ['the brightness (mean luma)', 'the picture is bright'],
  std: ['the contrast (standard deviation of luma)', 'light and dark lie close together'],
  skew: ['the skewness of luma', 'few bright pixels stand out of a dark surrounding'],
  kurtosis: ['the excess kurtosis of luma', 'a few pixels are far brighter or darker than the rest'],
  entropy: [
    'the entropy of the luma histogram in bits',
    'many different grey levels occur, as in texture or noise',
  ],
};

const MOMENT: Record<string, string> = {
  mean: 'mean',
  std: 'standard deviation',
  var: 'variance',
  skew: 'skewness',
  kurtosis: 'excess kurtosis',
};

const MAGNITUDE_HIGH: Record<string, string> = {
  mean: 'structure of this size and direction is strong',
  var: 'such structure is strong in some places and weak in others',
  skew: 'a few strong responses stand out of many weak ones, as at sparse edges',
  kurtosis: 'the responses are concentrated in few pixels, as at isolated edges',
};

const CHANNELS: Record<string, string> = { r: 'red', g: 'green', b: 'blue' };

const EXPLAIN: Record<NssFamilyId, (parts: string[]) => Phrases> = {
  intensity: ([statistic]) => INTENSITY[statistic!]!,
  sobel: ([axis, statistic]) => [
    `the ${MOMENT[statistic!]} of the ${axis === 'x' ? 'horizontal' : 'vertical'} Sobel gradient's size`,
    statistic === 'mean'
      ? `${axis === 'x' ? 'vertical' : 'horizontal'} edges are many and sharp`
      : `strong ${axis === 'x' ? 'vertical' : 'horizontal'} edges stand beside smooth areas`,
  ],
  lbp: ([code]) => explainLbp(Number(code)),
  loggabor: (parts) => explainLogGabor(parts),
  digit: ([digit]) => [
    `the share of non-black pixels whose grey level (1-255) starts with the digit ${digit}`,
    'grey levels crowd in that range instead of spreading naturally',
  ],
  color: ([channel, statistic]) => explainColor(channel!, statistic!),
};

function explainLbp(code: number): Phrases {
  if (code === 14) {
    return [
      'the share of pixels with an irregular neighbourhood (non-uniform LBP code)',
      'noise or fine texture is present',
    ];
  }
  const count = code === 0 ? 'none' : code === 13 ? 'all' : `an unbroken run of ${code}`;
  const what = `the share of pixels with ${count} of their 13 neighbours at least as bright (LBP code ${code})`;
  if (code === 0) return [what, 'single bright spots occur'];
  if (code === 13) return [what, 'areas are flat or hold single dark spots'];
  if (code === 6 || code === 7) return [what, 'straight edges occur'];
  return [what, code < 6 ? 'bright corners and line ends occur' : 'dark corners and line ends occur'];
}

function explainLogGabor(parts: string[]): Phrases {
  const statistic = parts[parts.length - 1]!;
  const direction = `${ORIENTATION_DEGREES[Number(parts[parts.length - 2]!.slice(1))]} degrees`;
  const scale =
    parts.length === 3
      ? `a wavelength of ${SCALE_WAVELENGTH[Number(parts[0]!.slice(1))]} pixels`
      : 'wavelengths of 3 and 6 pixels together';
  return [
    `the ${MOMENT[statistic]} of the log-Gabor response at ${scale}, varying along ${direction}`,
    MAGNITUDE_HIGH[statistic]!,
  ];
}

function explainColor(channel: string, statistic: string): Phrases {
  if (channel === 'cov') {
    const [a, b] = [...statistic].map((c) => CHANNELS[c]);
    return [
      `the covariance of ${a} and ${b}`,
      'the two channels rise and fall together strongly, as in contrasty grey content',
    ];
  }
  const color = CHANNELS[channel]!;
  const high: Record<string, string> = {
    mean: `the picture holds much ${color}`,
    std: `the amount of ${color} varies strongly`,
    skew: `few pixels with much ${color} stand out`,
  };
  return [`the ${MOMENT[statistic]} of the ${color} channel`, high[statistic]!];
}
