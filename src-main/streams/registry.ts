import type { StreamInfo } from '../../src-shared/streams.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { nearest } from '../../src-shared/experiment-spec.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { DECODER_VERSION } from '../images/decode.ts';
import { NSS_STREAM } from './nss/descriptor.ts';

/** The streams this build can compute. The version covers everything that changes a value (spec/data.md, feature key). */
export const BUILT_IN_STREAMS: readonly StreamInfo[] = [
  {
    id: NSS_STREAM.id,
    title: 'Natural scene statistics (138 dimensions)',
    version: `${NSS_STREAM.version}+${DECODER_VERSION}`,
    dimension: NSS_STREAM.dimension,
    kind: 'nss',
    source: 'computed here',
  },
];

/** A stream that can be extracted; throws StudioError naming the nearest known one. */
export function builtInStream(id: string): StreamInfo {
  const found = BUILT_IN_STREAMS.find((s) => s.id === id);
  if (found !== undefined) return found;
  const near = nearest(
    id,
    BUILT_IN_STREAMS.map((s) => s.id),
  );
  throw new StudioError('not-available', `Stream "${id}" can not be extracted by this version`, {
    hint: `${near === null ? '' : `Did you mean "${near}"? `}Available: ${BUILT_IN_STREAMS.map((s) => s.id).join(', ')}; other features can be imported: studio features import.`,
  });
}

/** Every stream of the catalog: built-in ones and imported ones. */
export function allStreams(reader: CatalogReader): StreamInfo[] {
  const imported = reader.features.importedStreams().map((s): StreamInfo => ({
    id: s.stream,
    title: `${s.stream} (imported)`,
    version: s.version,
    dimension: s.dimension,
    kind: 'imported',
    source: s.source,
  }));
  return [...BUILT_IN_STREAMS, ...imported];
}

/** The dataset's version of a stream (what was extracted or imported last), with provenance; throws where there is none. */
export function activeStream(
  reader: CatalogReader,
  dataset: { id: number; name: string },
  stream: string,
): StreamInfo {
  const active = reader.features.activeStreams(dataset.id).find((s) => s.stream === stream);
  const info = active && allStreams(reader).find((s) => s.id === stream && s.version === active.version);
  if (info !== undefined) return info;
  const known = reader.features.activeStreams(dataset.id).map((s) => s.stream);
  throw new StudioError('not-found', `"${dataset.name}" has no features of stream "${stream}"`, {
    hint:
      (known.length === 0 ? '' : `It has: ${known.join(', ')}. `) +
      (BUILT_IN_STREAMS.some((s) => s.id === stream)
        ? `Extract it first: studio extract --dataset "${dataset.name}" --streams ${stream}`
        : `This version does not extract it; import it: studio features import --dataset "${dataset.name}" --stream ${stream} FILE`),
  });
}
