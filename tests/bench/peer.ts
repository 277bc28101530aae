/**
 * The studio against the PyTorch recipe on real images: `npm run bench peer`, or `node tests/bench/peer.ts [seeds] [threads]`.
 * AGIQA-3K sample, NSS and the two small vision models of ../shared, 5 folds by image and by prompt, static and gated; the same features,
 * labels and folds; mean SROCC over training seeds and the difference (issue 4: within 0.01). The features and the peer's figures
 * are kept in the temporary folder for the next time (biqa-peer; delete it to begin anew). Needs ../shared and a Python with torch and scikit-learn (BIQA_PYTHON, else /tmp/venv/bin/python,
 * else python3).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { Run } from '../../src-shared/runs.ts';
import { exampleManifest } from '../unit/vision-example-manifest.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared');
const SAMPLE = path.join(SHARED, 'data/agiqa-3k-sample');
const MODELS = path.join(SHARED, 'models');
const PEER = path.join(SHARED, 'peer/paper_pipeline.py');
const STUDIO = path.resolve(import.meta.dirname, '../../src-main/cli.ts');
/** Stays, so that the features are extracted once. */
const HOME = path.join(tmpdir(), 'biqa-peer');

/** In fused order; the gates come from mobilenet-v2. The peer knows them under its own three names. */
const STREAMS = { nss: 'nss', 'mobilenet-v2': 'siglip', 'dbcnn-scnn': 'cliph' };
const ENCODERS = [
  exampleManifest({
    id: 'dbcnn-scnn',
    title: 'DB-CNN, S-CNN',
    output: { name: 'pooled128', dimension: 128 },
  }),
  exampleManifest({ id: 'mobilenet-v2', title: 'MobileNet v2', output: { name: 'pooled', dimension: 1280 } }),
];
const GATE = 'mobilenet-v2';
const FUSIONS = ['static', 'gated'] as const;
type Fusion = (typeof FUSIONS)[number];
type Pair = { ours: number; theirs: number };

/** Prints a line per unit, seed and fusion and their means; returns false where something that it needs is absent. */
export function benchPeer(seeds: number, threads = 1): boolean {
  const python = [process.env['BIQA_PYTHON'], '/tmp/venv/bin/python', 'python3'].find(
    (p) => p !== undefined && hasTorch(p),
  );
  if (!existsSync(SAMPLE) || python === undefined) {
    console.log('peer: skipped (needs ../shared and a Python with torch and scikit-learn)');
    return false;
  }
  const features = extractOnce();
  for (const unit of ['image', 'group']) {
    const pairs: Record<Fusion, Pair[]> = { static: [], gated: [] };
    for (let seed = 42; seed < 42 + seeds; seed++) {
      const { runs, labels } = trainHere(unit, seed);
      FUSIONS.forEach((fusion, i) => {
        const options = ['--labels', labels, ...features, '--unit', unit, '--seed', String(seed)];
        const theirs = trainThere(python, [
          ...options,
          '--threads',
          String(threads),
          ...(fusion === 'gated' ? ['--gated'] : []),
        ]);
        const pair = { ours: runs[i]!.metrics!.overall.srocc!, theirs };
        pairs[fusion].push(pair);
        console.log(`${unit}, ${fusion}, seed ${seed}: ${words(pair)}`);
      });
    }
    for (const fusion of FUSIONS)
      console.log(`by ${unit}, ${fusion}, mean of ${seeds} seeds: ${words(meanOf(pairs[fusion]))}`);
  }
  console.log(
    `load average ${loadavg()
      .map((l) => l.toFixed(1))
      .join(', ')}`,
  );
  return true;
}

/** Imports the sample and extracts its streams where that has not been done; gives the features as options of the peer. */
function extractOnce(): string[] {
  mkdirSync(HOME, { recursive: true });
  const files = Object.keys(STREAMS).map((stream) => path.join(HOME, `${stream}.npz`));
  if (!files.every((file) => existsSync(file))) {
    studio('import', SAMPLE, '--name', 'agiqa');
    for (const encoder of ENCODERS) {
      const manifest = path.join(HOME, `${encoder.id}.json`);
      writeFileSync(manifest, JSON.stringify(encoder));
      studio('encoders', 'add', manifest, '--model', path.join(MODELS, `${encoder.id}.onnx`));
    }
    studio('extract', '--dataset', 'agiqa', '--streams', Object.keys(STREAMS).join(','));
    Object.keys(STREAMS).forEach((stream, i) =>
      studio('features', 'export', '--dataset', 'agiqa', '--stream', stream, '--npz', files[i]!),
    );
  }
  return Object.values(STREAMS).flatMap((option, i) => [`--${option}`, files[i]!]);
}

/** Static and gated in one experiment, and the labels of its images as a file. */
function trainHere(unit: string, seed: number): { runs: Run[]; labels: string } {
  const file = path.join(HOME, 'spec.json');
  const spec = {
    dataset: 'agiqa',
    streams: Object.keys(STREAMS),
    protocol: { kind: 'cv', unit },
    ablation: [{ label: 'static' }, { label: 'gated', fusion: { gate: GATE } }],
  };
  writeFileSync(file, JSON.stringify(spec));
  const { runs } = studio('run', file, '--seed', String(seed)) as { runs: Run[] };
  const labels = path.join(HOME, 'labels.csv');
  studio('results', String(runs[0]!.run), '--csv', labels);
  return { runs, labels };
}

/** SROCC of the peer's out-of-fold predictions; what it once said is kept, since it takes minutes and does not change. */
function trainThere(python: string, options: string[]): number {
  const file = path.join(HOME, 'peer.json');
  const known = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) as Record<string, number>;
  const key = options.join(' ');
  if (known[key] === undefined) {
    const text = execFileSync(python, [PEER, ...options], { encoding: 'utf8' });
    known[key] = (JSON.parse(text) as { oof: { srocc: number } }).oof.srocc;
    writeFileSync(file, JSON.stringify(known));
  }
  return known[key];
}

function studio(...args: string[]): unknown {
  const text = execFileSync(process.execPath, [STUDIO, ...args, '--home', HOME, '--json'], {
    encoding: 'utf8',
    stdio: 'pipe',
    maxBuffer: 1e9,
  });
  return JSON.parse(text);
}

function meanOf(pairs: readonly Pair[]): Pair {
  const mean = (key: keyof Pair): number => pairs.reduce((sum, pair) => sum + pair[key], 0) / pairs.length;
  return { ours: mean('ours'), theirs: mean('theirs') };
}

function words({ ours, theirs }: Pair): string {
  return `studio ${ours.toFixed(4)}, PyTorch ${theirs.toFixed(4)}, difference ${(ours - theirs).toFixed(4)}`;
}

function hasTorch(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import torch, sklearn, scipy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) benchPeer(Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 1));
