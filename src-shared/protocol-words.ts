/** Protocols in words, for runs, tables and charts. No zod here: the window uses it. */
import type { Protocol } from './protocol-spec.ts';

/** What was trained on and tested, e.g. "5-fold cross-validation by image". `train`: name of a second, training dataset. */
export function protocolSentence(protocol: Protocol, train: string | null): string {
  switch (protocol.kind) {
    case 'cv':
      return `${protocol.folds}-fold cross-validation by ${protocol.unit}`;
    case 'cross':
      return `trained on ${train ?? 'another dataset'}, tested on all images`;
    case 'finetune':
      return `pretrained on ${train ?? 'another dataset'}, finetuned and tested over ${protocol.folds} folds by ${protocol.unit}, ${counted(protocol.seeds.length, 'member')}${passes(protocol.mcDropout)}`;
    case 'split':
      return `${counted(protocol.repeats, 'random 80/20 split')} by ${protocol.unit}`;
    case 'official':
      return 'official split';
    case 'fraction':
      return `${protocol.folds}-fold cross-validation by ${protocol.unit}, ${protocol.fractions.map(percent).join(', ')} of the training side`;
  }
}

/** Members and stochastic passes of a run's ensemble, e.g. "3 members with 10 MC-dropout passes each". */
export function ensembleWords(members: number, mcDropout: number): string {
  return `${counted(members, 'member')}${passes(mcDropout)}`;
}

/** The name of one part (from 0) of a run: "fold 3", "repeat 7" or "test". */
export function partLabel(kind: Protocol['kind'], part: number): string {
  const noun = partNoun(kind);
  return noun === 'test' ? noun : `${noun} ${part + 1}`;
}

/** What the parts of a protocol are called. */
export function partNoun(kind: Protocol['kind']): 'fold' | 'repeat' | 'test' {
  if (kind === 'split') return 'repeat';
  return kind === 'cross' || kind === 'official' ? 'test' : 'fold';
}

/** 0.4 as "40 %". */
export function percent(fraction: number): string {
  return `${Number((100 * fraction).toFixed(4))} %`;
}

function passes(mcDropout: number): string {
  return mcDropout === 0 ? '' : ` with ${counted(mcDropout, 'MC-dropout pass', 'MC-dropout passes')} each`;
}

function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
