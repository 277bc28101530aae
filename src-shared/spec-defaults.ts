/** What an experiment spec means where it leaves a field out. No zod here: the window's form shows these values. */

export type Preset = 'studio' | 'paper';
/** How streams become a score (paper, sections 2.4 and 2.5); `gate`: null, "default" or a stream id. */
export type Fusion = { gate: string | null; pca: number; hidden: number[]; dropout: number };
/** How the head is trained (paper, sections 2.6 and 2.7). */
export type Training = {
  epochs: number;
  batch: number;
  lr: number;
  weightDecay: number;
  clip: number;
  lambdaPlcc: number;
  lambdaRank: number;
  seed: number;
  targets: 'standardized' | 'raw';
};

const PAPER: { fusion: Fusion; training: Training } = {
  fusion: { gate: null, pca: 256, hidden: [512, 256], dropout: 0.3 },
  training: {
    epochs: 80,
    batch: 128,
    lr: 0.0005,
    weightDecay: 0.0001,
    clip: 1,
    lambdaPlcc: 0.5,
    lambdaRank: 0.5,
    seed: 42,
    targets: 'raw',
  },
};
/** Defaults per preset: "paper" is the literal reading (2.4-2.7), "studio" standardises the targets (spec/fusion.md). */
export const PRESETS: Record<Preset, { fusion: Fusion; training: Training }> = {
  paper: PAPER,
  studio: { ...PAPER, training: { ...PAPER.training, targets: 'standardized' } },
};

const folded: { folds: number; seed: number; unit: 'image' | 'group' } = {
  folds: 5,
  seed: 42,
  unit: 'image',
};
/** Each protocol's fields with their defaults. */
export const PROTOCOL_DEFAULTS = {
  cv: folded,
  cross: {},
  finetune: { ...folded, seeds: [42, 123, 456], mcDropout: 10, epochs: 40, lr: 0.00005, batch: 32 },
  split: { repeats: 10, unit: folded.unit },
  official: {},
  fraction: { fractions: [0.2, 0.4, 0.6, 1], ...folded },
};
export type ProtocolKind = keyof typeof PROTOCOL_DEFAULTS;

/** The most rows that an ablation may have. */
export const MAX_ABLATION_ROWS = 64;
