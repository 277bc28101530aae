/**
 * `npm run bench neighbours`: the exact search for similar images over 40,000 vectors of 1,152 values in a catalog of its own,
 * and the search for near-duplicates over as many fingerprints. BIQA_BENCH_IMAGES takes another number of images.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HammingIndex } from '../../src-main/streams/fingerprints/hamming-index.ts';
import { NeighbourSearch } from '../../src-main/streams/neighbours/neighbour-search.ts';
import { makeFeatureCatalog } from '../fixtures/feature-catalog.ts';
import { generator } from '../fixtures/natural-picture.ts';

const DIMENSION = 1152;
const SEARCHES = 40;
const RADIUS = 8;

/** Prints the measurements to standard output. */
export async function benchNeighbours(): Promise<void> {
  const images = Number(process.env['BIQA_BENCH_IMAGES'] ?? 40_000);
  console.log(`${images} images, ${os.cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
  await benchSearch(images);
  benchIndex(images);
}

async function benchSearch(images: number): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'neighbours-bench-'));
  const random = generator(1);
  const data = Float32Array.from({ length: images * DIMENSION }, () => random() - 0.5);
  const catalog = await makeFeatureCatalog(folder, {
    streams: [{ id: 'vision', dimension: DIMENSION, data }],
    targets: Float64Array.from({ length: images }, () => 1 + 4 * random()),
  });
  const search = new NeighbourSearch({ catalog: catalog.file, budgetBytes: 512e6 });
  try {
    const key = { stream: 'vision', version: 'test/1', scope: 1, zScored: false };
    const query = (row: number) => ({
      key,
      image: row + 1,
      vector: data.slice(row * DIMENSION, (row + 1) * DIMENSION),
      limit: 12,
    });
    const before = process.memoryUsage().rss;
    let longest = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last - 5);
      last = performance.now();
    }, 5);
    const load = performance.now();
    await search.search(query(0));
    console.log(`  first search, loading included   ${(performance.now() - load).toFixed(0)} ms`);
    clearInterval(beat);
    console.log(`  caller's thread held for at most ${longest.toFixed(0)} ms while it loads`);
    console.log(
      `  resident memory grew by          ${((process.memoryUsage().rss - before) / 1e6).toFixed(0)} MB`,
    );
    const whole: number[] = [];
    const inside: number[] = [];
    for (let i = 1; i <= SEARCHES; i++) {
      const start = performance.now();
      const { milliseconds } = await search.search(query((i * 997) % images));
      whole.push(performance.now() - start);
      inside.push(milliseconds);
    }
    console.log(
      `  ${images} x ${DIMENSION}, 12 nearest: ${figures(whole)} as called, ${figures(inside)} in the thread`,
    );
    const own = performance.now();
    search.invalidate();
    await search.search(query(5));
    console.log(`  after something changed, nothing new: ${(performance.now() - own).toFixed(0)} ms`);
  } finally {
    await search.close();
    await catalog.close();
    rmSync(folder, { recursive: true });
  }
}

function benchIndex(images: number): void {
  const random = generator(2);
  const hashes = Array.from({ length: images }, () =>
    Uint8Array.from({ length: 8 }, () => Math.floor(random() * 256)),
  );
  const start = performance.now();
  const index = new HammingIndex(hashes);
  const built = performance.now();
  let found = 0;
  for (const hash of hashes) found += index.within(hash, RADIUS).length;
  const end = performance.now();
  console.log(
    `  near-duplicates among ${images} hashes, ${RADIUS} bits: index ${(built - start).toFixed(0)} ms, all queries ${(end - built).toFixed(0)} ms (${found - images} pairs)`,
  );
}

function figures(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))]!.toFixed(1);
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms`;
}

if (import.meta.main) await benchNeighbours();
