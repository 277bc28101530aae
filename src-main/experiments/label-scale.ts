/** Which label an experiment is trained on, its declared scale, and the way from one scale to another (spec: data.md, Labels). */
import type { DatasetSummary, Scale } from '../../src-shared/dataset.ts';
import type { Preset } from '../../src-shared/experiment-spec.ts';
import { fromCommonScale, toCommonScale } from '../../src-shared/scale.ts';

type Rated = Pick<DatasetSummary, 'label' | 'scale'>;

/** KonIQ-10k's second label, which the paper calls its MOS. */
const KONIQ_MOS = 'MOS';
const KONIQ_MOS_SCALE: Scale = { min: 1, max: 5, better: 'higher' };

/** The preset "paper" trains KonIQ-10k on its 1-5 MOS, as the paper does; everything else on the dataset's label. */
export function targetLabelOf(
  dataset: Pick<DatasetSummary, 'format' | 'label'>,
  labels: readonly string[],
  preset: Preset,
): string {
  return preset === 'paper' && dataset.format === 'koniq-10k' && labels.includes(KONIQ_MOS)
    ? KONIQ_MOS
    : dataset.label;
}

/** The declared scale of the label that `targetLabelOf` chose. */
export function scaleOf(dataset: Rated, label: string): Scale {
  return label === dataset.label ? dataset.scale : KONIQ_MOS_SCALE;
}

/** Maps labels linearly from one declared scale to another, worst to worst and best to best; e.g. 1-5 to 0-100 is (y - 1) * 25. */
export function mapScale(from: Scale, to: Scale): (label: number) => number {
  return (label) => fromCommonScale(toCommonScale(label, from), to);
}
