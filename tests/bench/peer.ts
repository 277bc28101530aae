/**
 * The studio against the PyTorch recipe on real images: `node tests/bench/peer.ts [seeds]`. AGIQA-3K sample, NSS stream, 5 folds by
 * image and by prompt, the same features, labels and folds; mean SROCC over training seeds and the difference.
 * Needs ../shared and a Python with torch and scikit-learn (BIQA_PYTHON, else /tmp/venv/bin/python, else python3).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Run } from '../../src-shared/runs.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared');
const SAMPLE = path.join(SHARED, 'data/agiqa-3k-sample');
const PEER = path.join(SHARED, 'peer/paper_pipeline.py');
const STUDIO = path.resolve(import.meta.dirname, '../../src-main/cli.ts');

/** Prints a table per unit; returns false where something that it needs is absent. */
export function benchPeer(seeds: number): boolean {
  const python = [process.env['BIQA_PYTHON'], '/tmp/venv/bin/python', 'python3'].find(
    (p) => p !== undefined && hasTorch(p),
  );
  if (!existsSync(SAMPLE) || python === undefined) {
    console.log('peer: skipped (needs ../shared and a Python with torch and scikit-learn)');
    return false;
  }
  const home = mkdtempSync(path.join(tmpdir(), 'biqa-peer-'));
  const studio = (...args: string[]): unknown =>
    JSON.parse(
      execFileSync(process.execPath, [STUDIO, ...args, '--home', home, '--json'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 1e9,
      }),
    );
  try {
    studio('import', SAMPLE, '--name', 'agiqa');
    studio('extract', '--dataset', 'agiqa', '--streams', 'nss');
    const features = path.join(home, 'nss.npz');
    studio('features', 'export', '--dataset', 'agiqa', '--stream', 'nss', '--npz', features);
    for (const unit of ['image', 'group']) compareUnit({ studio, python, home, features, unit, seeds });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return true;
}

function compareUnit(parts: {
  studio(...args: string[]): unknown;
  python: string;
  home: string;
  features: string;
  unit: string;
  seeds: number;
}): void {
  const { studio, python, home, features, unit, seeds } = parts;
  const spec = path.join(home, `${unit}.json`);
  writeFileSync(spec, JSON.stringify({ dataset: 'agiqa', streams: ['nss'], protocol: { kind: 'cv', unit } }));
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let seed = 42; seed < 42 + seeds; seed++) {
    const { runs } = studio('run', spec, '--seed', String(seed)) as { runs: Run[] };
    const run = runs[0]!;
    const labels = path.join(home, 'labels.csv');
    studio('results', String(run.run), '--csv', labels);
    const peer = JSON.parse(
      execFileSync(
        python,
        [PEER, '--labels', labels, '--nss', features, '--unit', unit, '--seed', String(seed)],
        { encoding: 'utf8' },
      ),
    ) as { oof: { srocc: number } };
    ours.push(run.metrics!.overall.srocc!);
    theirs.push(peer.oof.srocc);
    const leakage = run.warnings.some((w) => w.code === 'leakage') ? ' (leakage warning)' : '';
    console.log(
      `${unit} seed ${seed}: studio ${ours.at(-1)!.toFixed(4)}, PyTorch ${theirs.at(-1)!.toFixed(4)}${leakage}`,
    );
  }
  const [a, b] = [mean(ours), mean(theirs)];
  console.log(
    `by ${unit}, mean of ${seeds} seeds: studio ${a.toFixed(4)}, PyTorch ${b.toFixed(4)}, difference ${(a - b).toFixed(4)}`,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((x, y) => x + y, 0) / values.length;
}

function hasTorch(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import torch, sklearn, scipy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) benchPeer(Number(process.argv[2] ?? 5));
