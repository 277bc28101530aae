/** What one run gains over another per distortion type (paper, section 4.6, figure 3). */
import type { DistortionDelta, GateAnalysis, GateDelta } from '../../src-shared/analysis.ts';
import { distortionName, findDistortion } from '../../src-shared/distortions.ts';
import { perDistortion } from './breakdown.ts';
import type { AlignedRuns } from './run-columns.ts';
import { spearman } from './spearman.ts';

/** SROCC per type of run a ("with") and run b ("without"), and their difference, in type order. */
export function deltaPerDistortion({ a, b, mos, distortion }: AlignedRuns): DistortionDelta[] {
  const without = new Map(perDistortion(b, mos, distortion).types.map((row) => [row.type, row.srocc]));
  return perDistortion(a, mos, distortion).types.map(({ type, n, srocc }) => {
    const other = without.get(type) ?? null;
    return {
      type,
      name: distortionName(type),
      category: findDistortion(type)?.group ?? null,
      n,
      with: srocc,
      without: other,
      delta: srocc === null || other === null ? null : srocc - other,
    };
  });
}

/** Mean gate of a stream beside the delta of each type, and their rank correlation (section 4.7, figure 4). */
export function gateAgainstDelta(
  gates: GateAnalysis,
  stream: string,
  deltas: readonly DistortionDelta[],
): GateDelta {
  const column = gates.streams.indexOf(stream);
  const means = new Map(gates.types.map((row) => [row.type, row.mean[column]]));
  const rows = deltas.flatMap((row) => {
    const gate = means.get(row.type);
    return gate === undefined ? [] : [{ ...row, gate }];
  });
  const known = rows.filter((row) => row.delta !== null);
  return {
    run: gates.run,
    stream,
    correlation: spearman(
      Float64Array.from(known, (row) => row.gate),
      Float64Array.from(known, (row) => row.delta!),
    ),
    rows,
  };
}
