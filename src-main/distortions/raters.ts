import { Random } from './random.ts';

/** How many people the simulation asks, and how far they differ (in steps of the 1-5 scale). */
export const RATERS = 20;
const BIAS_DEVIATION = 0.3;
const VOTE_DEVIATION = 0.6;

/** What `RATERS` simulated people say of one image: the mean and the (sample) standard deviation of whole votes 1-5. */
export type Rating = { mos: number; std: number; votes: number };

/**
 * The quality 1-5 that a similarity stands for: 1 + 4 / (1 + ((1 - s) / .15)^1.5), a logistic curve in log(1 - s).
 * 1 gives 5, .85 gives 3; it falls monotonically with the similarity.
 */
export function qualityOf(similarity: number): number {
  const loss = Math.max(0, 1 - similarity);
  return 1 + 4 / (1 + Math.pow(loss / 0.15, 1.5));
}

/**
 * Simulated votes for one image. Each rater has a bias that holds for the whole dataset (from the dataset's seed) and
 * votes round(quality + bias + noise), clipped to 1-5. Depends only on seed, image name and quality.
 */
export function rate(seed: number, image: string, quality: number): Rating {
  const biases = new Random(seed, 'raters');
  const noise = new Random(seed, 'votes', image);
  const votes = Array.from({ length: RATERS }, () => {
    const opinion = quality + BIAS_DEVIATION * biases.gaussian() + VOTE_DEVIATION * noise.gaussian();
    return Math.min(5, Math.max(1, Math.round(opinion)));
  });
  const mos = votes.reduce((sum, vote) => sum + vote, 0) / RATERS;
  const squares = votes.reduce((sum, vote) => sum + (vote - mos) ** 2, 0);
  return { mos, std: Math.sqrt(squares / (RATERS - 1)), votes: RATERS };
}
