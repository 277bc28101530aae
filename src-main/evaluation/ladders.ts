import { distortionName, findDistortion, worsensWithLevel } from '../../src-shared/distortions.ts';
import type { LadderLevel, LadderType, Monotonicity, WorstLadder } from '../../src-shared/ladders.ts';
import { krocc, srocc } from './metrics.ts';

/** One scored picture of a ladder; level 0 is the pristine reference, which has no distortion. */
export type Rung = {
  image: number;
  reference: string;
  distortion: string | null;
  level: number;
  score: number;
  /** Gate per stream; empty with static fusion. */
  gates: Record<string, number>;
};

type Ladder = { reference: string; type: string; rungs: Rung[]; measured: Measured };
type Measured = { right: number; pairs: number; srocc: number | null; krocc: number | null };

const WORST = 40;

/**
 * Follows scores along the ladders (reference x type, at least two levels). `sign` is 1 where a higher score is better,
 * -1 where it is worse. Level 0 is reported by itself: a pristine picture is no rung of any one type.
 */
export function followLadders(
  rungs: readonly Rung[],
  sign: 1 | -1,
): { pristine: LadderLevel | null; types: LadderType[]; overall: Monotonicity; worst: WorstLadder[] } {
  const distorted = rungs.filter((rung) => rung.distortion !== null && rung.level > 0);
  const pristine = rungs.filter((rung) => rung.distortion === null && rung.level === 0);
  const ladders = [
    ...Map.groupBy(distorted, ({ reference, distortion }) => `${distortion}\n${reference}`).values(),
  ]
    .map((of) => ladderOf(of, sign))
    .filter(({ measured }) => measured.pairs > 0);
  const byType = Map.groupBy(distorted, ({ distortion }) => distortion!);
  const types = [...byType.keys()].sort().map((type): LadderType => ({
    type,
    name: distortionName(type),
    group: findDistortion(type)?.group ?? 'other',
    worsens: worsensWithLevel(type),
    levels: levelsOf(byType.get(type)!),
    ...summary(ladders.filter((ladder) => ladder.type === type)),
  }));
  const worsening = ladders.filter(({ type }) => worsensWithLevel(type));
  return {
    pristine: levelsOf(pristine)[0] ?? null,
    types,
    overall: summary(worsening),
    worst: worstOf(worsening),
  };
}

function ladderOf(of: readonly Rung[], sign: 1 | -1): Ladder {
  const rungs = of.toSorted((a, b) => a.level - b.level);
  const levels = Float64Array.from(rungs, ({ level }) => level);
  const badness = Float64Array.from(rungs, ({ score }) => -sign * score);
  let right = 0;
  let pairs = 0;
  for (let i = 1; i < badness.length; i++) {
    if (levels[i] === levels[i - 1]) continue; // two pictures of one level say nothing about the order
    pairs++;
    right += badness[i]! > badness[i - 1]! ? 1 : badness[i] === badness[i - 1] ? 0.5 : 0;
  }
  const measured = {
    right,
    pairs,
    srocc: srocc(levels, badness),
    krocc: krocc(levels, badness),
  };
  return { reference: rungs[0]!.reference, type: rungs[0]!.distortion!, rungs, measured };
}

function summary(ladders: readonly Ladder[]): Monotonicity {
  const measured = ladders.map((ladder) => ladder.measured);
  const pairs = measured.reduce((sum, m) => sum + m.pairs, 0);
  const right = measured.reduce((sum, m) => sum + m.right, 0);
  return {
    ladders: ladders.length,
    pairs,
    rightShare: pairs === 0 ? null : right / pairs,
    srocc: meanOf(measured.map((m) => m.srocc)),
    krocc: meanOf(measured.map((m) => m.krocc)),
  };
}

function worstOf(ladders: readonly Ladder[]): WorstLadder[] {
  return ladders
    .filter(({ measured }) => measured.right < measured.pairs)
    .map(({ reference, type, rungs, measured }) => ({
      reference,
      type,
      name: distortionName(type),
      rightShare: measured.right / measured.pairs,
      srocc: measured.srocc,
      levels: rungs.map(({ level }) => level),
      scores: rungs.map(({ score }) => score),
      images: rungs.map(({ image }) => image),
    }))
    .sort((a, b) => (a.srocc ?? 0) - (b.srocc ?? 0) || a.rightShare - b.rightShare)
    .slice(0, WORST);
}

function levelsOf(rungs: readonly Rung[]): LadderLevel[] {
  const byLevel = Map.groupBy(rungs, ({ level }) => level);
  return [...byLevel.keys()]
    .sort((a, b) => a - b)
    .map((level) => {
      const of = byLevel.get(level)!;
      const mean = meanOf(of.map(({ score }) => score))!;
      const variance = meanOf(of.map(({ score }) => (score - mean) ** 2))!;
      const streams = Object.keys(of[0]!.gates);
      const gates = streams.map(
        (stream) => [stream, meanOf(of.map((rung) => rung.gates[stream]!))!] as const,
      );
      return { level, n: of.length, mean, std: Math.sqrt(variance), gates: Object.fromEntries(gates) };
    });
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
