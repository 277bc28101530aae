/** Every model against every dataset, from the runs that there are. */
import type { ComparableRun, CrossMatrix, MatrixEntry } from '../../src-shared/analysis.ts';

/** The matrix of finished runs: a row per model (training data, streams, gate, preset), a column per tested dataset. */
export function crossMatrix(runs: readonly ComparableRun[]): CrossMatrix {
  const newestFirst = runs.filter((run) => run.status === 'done').toSorted((a, b) => b.run - a.run);
  const datasets = [...new Map(newestFirst.map((run) => [run.dataset.id, run.dataset])).values()]
    .map(({ id, name, synthetic }) => ({ id, name, synthetic }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const models = [
    ...Map.groupBy(newestFirst, (run) => JSON.stringify([run.trainedOn, modelOf(run)])).values(),
  ];
  const rows = models.map((members) => ({
    model: modelOf(members[0]!),
    train: members[0]!.trainedOn,
    cells: datasets.map(({ id }) => newestPerProtocol(members.filter((run) => run.dataset.id === id))),
  }));
  return {
    datasets,
    rows: rows.toSorted(
      (a, b) =>
        Number(a.train === null) - Number(b.train === null) ||
        (a.train ?? '').localeCompare(b.train ?? '', 'en') ||
        a.model.localeCompare(b.model, 'en'),
    ),
  };
}

/** What makes two runs the same model, whatever they were tested on. */
function modelOf(run: ComparableRun): string {
  if (run.trainedOn === null) return run.label;
  return [
    run.streams.map((s) => s.stream).join(' + '),
    ...(run.gate === null ? [] : [`gate by ${run.gate}`]),
    ...(run.preset === 'paper' ? ['preset paper'] : []),
  ].join(', ');
}

function newestPerProtocol(runs: readonly ComparableRun[]): MatrixEntry[] {
  const entries = runs.flatMap((run): MatrixEntry[] => {
    const srocc = run.metrics?.overall.srocc ?? null;
    if (srocc === null) return [];
    return [{ run: run.run, srocc, interval: run.metrics?.ci95.srocc ?? null, protocol: run.protocol }];
  });
  return entries.filter((entry, i) => entries.findIndex((e) => e.protocol === entry.protocol) === i);
}
