/** Which contents have fingerprints close to one another's: the search behind near-duplicates, whatever the folds and streams are. */
import type { CatalogReader } from '../catalog/reader.ts';
import { HammingIndex } from '../streams/fingerprints/hamming-index.ts';
import { FINGERPRINT_VERSION } from '../streams/fingerprints/phash.ts';
import { MAX_DISTANCE } from './confirm-duplicates.ts';

/** A content, and in how many of 64 bits its fingerprint differs from the one asked about. */
export type CloseContent = { content: string; distance: number };

/** The fingerprints of some contents; each is looked up once, at the first question about it. */
export class CloseFingerprints {
  readonly #hashes = new Map<string, Uint8Array>();
  /** Contents in the order of the index's rows. */
  readonly #hashed: string[];
  readonly #index: HammingIndex;
  readonly #known = new Map<string, readonly CloseContent[]>();

  constructor(reader: Pick<CatalogReader, 'fingerprints'>, contents: ReadonlySet<string>) {
    for (const content of contents) {
      const hash = reader.fingerprints.get(content, FINGERPRINT_VERSION);
      if (hash !== null) this.#hashes.set(content, hash);
    }
    this.#hashed = [...this.#hashes.keys()];
    this.#index = new HammingIndex([...this.#hashes.values()]);
  }

  /** Contents within MAX_DISTANCE of this one, itself included; null where it has no fingerprint. */
  near(content: string): readonly CloseContent[] | null {
    const hash = this.#hashes.get(content);
    if (hash === undefined) return null;
    let found = this.#known.get(content);
    found ??= this.#index
      .within(hash, MAX_DISTANCE)
      .map(({ row, distance }) => ({ content: this.#hashed[row]!, distance }));
    this.#known.set(content, found);
    return found;
  }
}

/** Keeps the last search: the runs of an ablation compare the same images, and only the stream that confirms differs. */
export class FingerprintSearch {
  readonly #reader: Pick<CatalogReader, 'fingerprints'>;
  #last: { contents: ReadonlySet<string>; close: CloseFingerprints } | null = null;

  constructor(reader: Pick<CatalogReader, 'fingerprints'>) {
    this.#reader = reader;
  }

  /** The fingerprints of exactly these contents. */
  among(contents: ReadonlySet<string>): CloseFingerprints {
    const last = this.#last;
    // Folds have no say: other folds of the same images only put the same pairs on other sides.
    if (last?.contents.size === contents.size && last.contents.isSubsetOf(contents)) return last.close;
    const close = new CloseFingerprints(this.#reader, contents);
    this.#last = { contents, close };
    return close;
  }
}
