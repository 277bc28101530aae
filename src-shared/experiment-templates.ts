/**
 * The paper's tables and figures as experiments that can be started here. Data and plain functions; no zod: the window uses it.
 * A template speaks of roles (nss, siglip, clip-h, dinov2); which stream plays a role is decided by what a dataset has.
 */
import { isVisionStream } from './streams.ts';

/** The paper's streams. */
export type StreamRole = 'nss' | 'siglip' | 'clip-h' | 'dinov2';

/** What a template is filled with. */
export type TemplateInput = {
  /** The dataset of the experiment; in cross and finetune the one to train on. */
  train: string;
  /** The dataset to test on in cross and finetune. */
  test: string | null;
  /** Does the dataset whose folds are drawn have groups? Then the preset "studio" draws them by group. */
  groups: boolean;
  /** Stream ids that every dataset of the experiment has features of. */
  streams: readonly string[];
  preset: 'studio' | 'paper';
};

/** A spec as JSON, less what the preset fills in. */
export type TemplateSpec = {
  version: 1;
  name: string;
  preset: 'studio' | 'paper';
  train: string;
  test?: string;
  streams: string[];
  fusion?: { gate: string | null };
  protocol: { kind: string; unit?: 'image' | 'group'; fractions?: number[] };
  training?: { batch: number };
  ablation?: { label: string; streams?: string[]; fusion?: { gate: string | null } }[];
};

/** What is not there, in a sentence, and what would bring it: a second dataset, features of NSS or of an encoder. */
export type MissingPart = { message: string; needs: 'dataset' | 'nss' | 'encoder' };

/** A template filled in; `spec` is null where nothing of it can run. */
export type FilledTemplate = { spec: TemplateSpec | null; missing: MissingPart[] };

/** One template of the paper. */
export type ExperimentTemplate = {
  id: string;
  /** Where it is in the paper, e.g. "Table 3". */
  source: string;
  title: string;
  /** The question that it answers. */
  answers: string;
  /** The datasets that the paper used. */
  paperDatasets: { train: string; test: string | null };
  /** A second dataset is needed, to test on. */
  twoDatasets: boolean;
  fill(input: TemplateInput): FilledTemplate;
};

type Row = { label: string; roles: StreamRole[]; gate?: StreamRole };
type Design = Omit<ExperimentTemplate, 'fill' | 'twoDatasets'> & {
  kind: 'cv' | 'cross' | 'finetune' | 'fraction';
  rows: Row[];
  /** Where the paper's batch is not 128. */
  batch?: number;
};

const ROLE_NAMES: Record<StreamRole, string> = {
  nss: 'NSS',
  siglip: 'SigLIP',
  'clip-h': 'CLIP-H',
  dinov2: 'DINOv2',
};
const ALL: StreamRole[] = ['nss', 'siglip', 'clip-h'];
/** Rows of one to three roles, named as the paper names them. */
const row = (...roles: StreamRole[]): Row => ({
  label:
    roles.length === 1 ? `${ROLE_NAMES[roles[0]!]} only` : roles.map((role) => ROLE_NAMES[role]).join(' + '),
  roles,
});
const SUBSETS: Row[] = [
  row('nss'),
  row('siglip'),
  row('clip-h'),
  row('nss', 'siglip'),
  row('nss', 'clip-h'),
  row('siglip', 'clip-h'),
  row(...ALL),
];
const WITH_AND_WITHOUT_NSS: Row[] = [
  { label: 'with NSS', roles: ALL },
  { label: 'without NSS', roles: ['siglip', 'clip-h'] },
];
const TO_LIVE = { train: 'koniq-10k', test: 'live-itw' };

const DESIGNS: Design[] = [
  {
    id: 'table-3',
    source: 'Table 3',
    title: 'Streams and their combinations, authentic distortions',
    answers: 'What does each stream add on photographs with authentic distortions, and does DINOv2 help?',
    paperDatasets: { train: 'koniq-10k', test: null },
    kind: 'cv',
    rows: [...SUBSETS, row('dinov2'), row('nss', 'dinov2'), row('siglip', 'clip-h', 'dinov2')],
  },
  {
    id: 'table-4',
    source: 'Table 4',
    title: 'Streams and their combinations, synthetic distortions',
    answers: 'What does each stream add where known distortions were applied to few pictures?',
    paperDatasets: { train: 'kadid-10k', test: null },
    kind: 'cv',
    rows: SUBSETS,
  },
  {
    id: 'table-5-i',
    source: 'Table 5 (i)',
    title: 'Cross-dataset transfer',
    answers: 'How well does a model that was trained on one dataset judge another that it has never seen?',
    paperDatasets: TO_LIVE,
    kind: 'cross',
    rows: [row('nss'), row('siglip'), row('clip-h'), row('siglip', 'clip-h'), row(...ALL)],
  },
  {
    id: 'table-5-ii',
    source: 'Table 5 (ii)',
    title: 'Within a small dataset',
    answers: 'How far does a small dataset go on its own, and do the NSS dimensions overfit on it?',
    paperDatasets: { train: 'live-itw', test: null },
    kind: 'cv',
    batch: 64,
    rows: [row('nss'), row('siglip'), row('clip-h'), row('siglip', 'clip-h'), row(...ALL)],
  },
  {
    id: 'table-5-iii',
    source: 'Table 5 (iii)',
    title: 'Pretraining, finetuning, ensemble',
    answers: 'What do pretraining on a large dataset, an ensemble and MC dropout gain on a small one?',
    paperDatasets: TO_LIVE,
    kind: 'finetune',
    rows: [row('siglip'), row('clip-h'), row('siglip', 'clip-h'), row(...ALL)],
  },
  {
    id: 'figure-3',
    source: 'Figure 3',
    title: 'NSS per distortion',
    answers: 'On which distortions does NSS help, and on which does it hurt?',
    paperDatasets: { train: 'kadid-10k', test: null },
    kind: 'cv',
    rows: WITH_AND_WITHOUT_NSS,
  },
  {
    id: 'figure-4',
    source: 'Figure 4',
    title: 'What the gates have learned',
    answers: 'Do the learned NSS gates rise on the distortions where NSS helps?',
    paperDatasets: { train: 'kadid-10k', test: null },
    kind: 'cv',
    rows: [{ label: 'gated', roles: ALL, gate: 'siglip' }, ...WITH_AND_WITHOUT_NSS],
  },
  {
    id: 'figure-5',
    source: 'Figure 5',
    title: 'What the gates should look at',
    answers:
      'Which stream should the gates be computed from: is accuracy the same, and which is interpretable?',
    paperDatasets: { train: 'kadid-10k', test: null },
    kind: 'cv',
    rows: [
      { label: 'gate by SigLIP', roles: ALL, gate: 'siglip' },
      { label: 'gate by CLIP-H', roles: ALL, gate: 'clip-h' },
      { label: 'gate by NSS', roles: ALL, gate: 'nss' },
      ...WITH_AND_WITHOUT_NSS,
    ],
  },
  {
    id: 'section-5.2',
    source: 'Section 5.2, Table 6',
    title: 'Efficiency and the amount of data',
    answers: 'How small and fast is the head, and how many rated pictures does it need?',
    paperDatasets: { train: 'koniq-10k', test: null },
    kind: 'fraction',
    rows: [row(...ALL)],
  },
];

/** All templates, in the paper's order. */
export const EXPERIMENT_TEMPLATES: readonly ExperimentTemplate[] = DESIGNS.map(
  ({ kind, rows, batch, ...facts }) => ({
    ...facts,
    twoDatasets: kind === 'cross' || kind === 'finetune',
    fill: (input) => fill({ ...facts, kind, rows, ...(batch === undefined ? {} : { batch }) }, input),
  }),
);

/**
 * The stream that plays each role: for SigLIP any SigLIP, else the first vision stream; for CLIP-H the one that the paper used,
 * else any CLIP, else the first vision stream that is left. DINOv2 is played by DINOv2 only.
 */
export function streamsOfRoles(streams: readonly string[]): Partial<Record<StreamRole, string>> {
  const vision = streams.filter(isVisionStream);
  const dinov2 = vision.find((id) => /^dino/i.test(id));
  const others = vision.filter((id) => id !== dinov2);
  const isClip = (id: string) => /^clip/i.test(id);
  const siglip =
    prefer(others, /^siglip-so400m/i, /^siglip/i) ?? others.find((id) => !isClip(id)) ?? others[0];
  const left = others.filter((id) => id !== siglip);
  const clipH = prefer(left, /^clip-?(vit-)?h/i, /^clip/i) ?? left[0];
  return {
    ...(streams.some((id) => !isVisionStream(id)) ? { nss: 'nss' } : {}),
    ...(siglip === undefined ? {} : { siglip }),
    ...(clipH === undefined ? {} : { 'clip-h': clipH }),
    ...(dinov2 === undefined ? {} : { dinov2 }),
  };
}

function prefer(ids: readonly string[], ...patterns: RegExp[]): string | undefined {
  return patterns.map((pattern) => ids.find((id) => pattern.test(id))).find((id) => id !== undefined);
}

function fill(design: Design, input: TemplateInput): FilledTemplate {
  const roles = streamsOfRoles(input.streams);
  const missing = missingOf(design, roles, input);
  const rows = design.rows.filter((entry) => entry.roles.every((role) => roles[role] !== undefined));
  const two = design.kind === 'cross' || design.kind === 'finetune';
  if (rows.length === 0 || (two && input.test === null)) return { spec: null, missing };
  const streams = (of: readonly StreamRole[]): string[] => of.map((role) => roles[role]!);
  const used = new Set(rows.flatMap((entry) => entry.roles));
  const everything = (Object.keys(ROLE_NAMES) as StreamRole[]).filter((role) => used.has(role));
  const spec: TemplateSpec = {
    version: 1,
    name: `${design.source}: ${design.title} (${input.preset})`,
    preset: input.preset,
    train: input.train,
    ...(two && input.test !== null ? { test: input.test } : {}),
    streams: streams(rows.length === 1 ? rows[0]!.roles : everything),
    protocol: protocolOf(design.kind, input),
    ...(design.batch === undefined ? {} : { training: { batch: design.batch } }),
  };
  if (rows.length === 1) return { spec, missing };
  const ablation = rows.map((entry) => ({
    label: entry.label,
    streams: streams(entry.roles),
    ...(entry.gate === undefined ? {} : { fusion: { gate: roles[entry.gate]! } }),
  }));
  return { spec: { ...spec, ablation }, missing };
}

/** The paper draws all its folds by image; the preset "studio" draws them by group where there are groups. */
function protocolOf(kind: Design['kind'], { preset, groups }: TemplateInput): TemplateSpec['protocol'] {
  if (kind === 'cross') return { kind };
  const unit = preset === 'studio' && groups ? 'group' : 'image';
  return { kind, unit, ...(kind === 'fraction' ? { fractions: [0.2, 0.4, 0.6, 1] } : {}) };
}

function missingOf(
  design: Design,
  roles: Partial<Record<StreamRole, string>>,
  { test, train }: TemplateInput,
): MissingPart[] {
  const needed = [...new Set(design.rows.flatMap((entry) => entry.roles))];
  const absent = needed.filter((role) => roles[role] === undefined);
  const without = (role: StreamRole): number =>
    design.rows.filter((entry) => entry.roles.includes(role)).length;
  const two = design.kind === 'cross' || design.kind === 'finetune';
  return [
    ...(two && test === null
      ? [{ message: `A second dataset to test on, beside ${train}.`, needs: 'dataset' as const }]
      : []),
    ...absent.map((role) => ({
      message: `${streamNeeded(role)} (${without(role)} of ${design.rows.length} rows ${without(role) === 1 ? 'needs' : 'need'} it).`,
      needs: role === 'nss' ? ('nss' as const) : ('encoder' as const),
    })),
  ];
}

function streamNeeded(role: StreamRole): string {
  if (role === 'nss') return 'Features of NSS';
  if (role === 'dinov2') return 'Features of a DINOv2 encoder';
  return role === 'siglip'
    ? 'Features of SigLIP or another vision encoder'
    : 'Features of CLIP-H or another second vision encoder';
}
