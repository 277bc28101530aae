/**
 * Speed of the encoders' preprocessing on one core: `node tests/bench/preprocess.ts`. Per crop: the resize against
 * Pillow's crop().resize() in the same run (BIQA_PYTHON, else /tmp/venv/bin/python), and the whole way to the tensor.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EncoderPreprocessing } from '../../src-shared/encoder-manifest.ts';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { fiveCrops } from '../../src-shared/crops.ts';
import { BUILT_IN_ENCODERS, readManifest } from '../../src-main/streams/vision/manifests.ts';
import { createPreprocessor, resizeTarget } from '../../src-main/streams/vision/preprocess.ts';
import type { Region } from '../../src-main/streams/vision/resize/region.ts';
import { createResizer } from '../../src-main/streams/vision/resize/resize.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';

const SIZES = [
  [1024, 768],
  [512, 384],
] as const;
/** 384 px squashed bicubic; shortest side to 224 px bicubic and centre crop. */
const ENCODERS = ['siglip-so400m-384', 'clip-vit-h14-laion2b'] as const;
const RUNS = 40;
/** Rounds in which Pillow and the studio take turns, so that other load on the machine meets both. */
const ROUNDS = 3;

/** Prints the measurements to standard output. */
export async function benchPreprocess(): Promise<void> {
  const python = findPython();
  console.log(`One crop on one core, ${os.cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
  for (const [width, height] of SIZES) {
    const picture = naturalPicture(width, height, 1);
    const crop = fiveCrops(width, height)[0];
    for (const encoder of ENCODERS) {
      const { preprocessing } = readManifest(path.join(BUILT_IN_ENCODERS, `${encoder}.json`));
      console.log(
        `\n${width} x ${height}, crop ${crop.width}, ${preprocessing.mode} to ${preprocessing.size}`,
      );
      await report(picture, crop, preprocessing, python);
    }
  }
  if (python === undefined) console.log('\nNo ratio to Pillow: no Python with PIL (set BIQA_PYTHON)');
}

async function report(
  picture: RgbPicture,
  crop: Region,
  preprocessing: EncoderPreprocessing,
  python: string | undefined,
): Promise<void> {
  const resizer = await createResizer();
  const target = resizeTarget(preprocessing, crop);
  const preprocessor = createPreprocessor(resizer, preprocessing);
  const tensor = new Float32Array(preprocessor.length);
  const whole = timed(() => preprocessor.write(picture, crop, tensor, 0));
  console.log(`  to the tensor  ${ms(whole.median)} (min ${ms(whole.min)})`);
  for (let round = 0; round < ROUNDS; round++) {
    const own = timed(() => resizer.resize(picture, crop, target));
    const line = `  resize         ${ms(own.median)} (min ${ms(own.min)})`;
    if (python === undefined) {
      console.log(line);
      continue;
    }
    const pillow = runPillow(python, picture, crop, target);
    const equal = pillow.sha256 === sha256(resizer.resize(picture, crop, target));
    console.log(
      `${line}; Pillow ${pillow.version} ${ms(pillow.median)} (min ${ms(pillow.min)}): ` +
        `${(own.median / pillow.median).toFixed(2)} of its time, ${equal ? 'equal bytes' : 'OTHER BYTES'}`,
    );
  }
}

const TIME_PILLOW = `
import hashlib, json, sys, time
import PIL
from PIL import Image
file, width, height, x, y, side, out_width, out_height, filter, runs = sys.argv[1:]
size = int(out_width), int(out_height)
image = Image.frombytes("RGB", (int(width), int(height)), open(file, "rb").read())
box = (int(x), int(y), int(x) + int(side), int(y) + int(side))
times = []
for _ in range(int(runs)):
    start = time.perf_counter()
    result = image.crop(box).resize(size, Image.Resampling[filter.upper()])
    times.append(1000 * (time.perf_counter() - start))
times.sort()
print(json.dumps({"version": PIL.__version__, "min": times[0], "median": times[len(times) // 2],
                  "sha256": hashlib.sha256(result.tobytes()).hexdigest()}))
`;

type PillowRun = { version: string; min: number; median: number; sha256: string };

function runPillow(
  python: string,
  picture: RgbPicture,
  crop: Region,
  target: ReturnType<typeof resizeTarget>,
): PillowRun {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'preprocess-bench-'));
  try {
    const file = path.join(folder, 'picture.rgb');
    writeFileSync(file, picture.data);
    const numbers = [
      ...[picture.width, picture.height, crop.x, crop.y, crop.width],
      ...[target.width, target.height, target.filter, RUNS],
    ];
    const output = execFileSync(python, ['-c', TIME_PILLOW, file, ...numbers.map(String)], {
      encoding: 'utf8',
    });
    return JSON.parse(output) as PillowRun;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function findPython(): string | undefined {
  return [process.env['BIQA_PYTHON'], '/tmp/venv/bin/python'].find((candidate) => {
    if (candidate === undefined) return false;
    try {
      execFileSync(candidate, ['-c', 'import PIL.Image'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** Minimum and median time of `work` in milliseconds, after 300 ms in which V8 may optimise. */
function timed(work: () => unknown): { min: number; median: number } {
  const warm = performance.now() + 300;
  while (performance.now() < warm) work();
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { min: times[0]!, median: times[RUNS >> 1]! };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(2)} ms`;
}

if (import.meta.main) await benchPreprocess();
