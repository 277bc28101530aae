/** What the engine's thread and the analysis thread say to each other. */
import type { ErrorShape } from '../../src-shared/errors.ts';
import type * as analyses from './analyse-runs.ts';

/** Analyses by name; each takes the catalog's reader, its input and a signal. */
export type Analyses = Pick<
  typeof analyses,
  | 'pairedComparison'
  | 'distortionDelta'
  | 'gateAnalysis'
  | 'imageGates'
  | 'gateDelta'
  | 'gateInputs'
  | 'errorAnalysis'
  | 'logisticAnalysis'
>;
export type AnalysisName = keyof Analyses;
export type AnalysisInput<Name extends AnalysisName> = Parameters<Analyses[Name]>[1];
export type AnalysisResult<Name extends AnalysisName> = Awaited<ReturnType<Analyses[Name]>>;

export type AnalysisRequest =
  { type: 'ask'; id: number; name: AnalysisName; input: unknown } | { type: 'cancel'; id: number };
/** The answer is JSON: the engine's thread reads it faster than cloned objects, and most of it goes on as JSON. */
export type AnalysisAnswer = { id: number; json: string } | { id: number; error: ErrorShape };
