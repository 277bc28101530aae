import type { StreamInfo } from '../../src-shared/streams.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { nearest } from '../../src-shared/experiment-spec.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { DECODER_VERSION } from '../images/decode.ts';
import { NSS_STREAM } from './nss/descriptor.ts';

/** Natural scene statistics. The version covers everything that changes a value (docs/data.md, feature key). */
export const NSS_INFO: StreamInfo = {
  id: NSS_STREAM.id,
  title: 'Natural scene statistics (138 dimensions)',
  version: `${NSS_STREAM.version}+${DECODER_VERSION}`,
  dimension: NSS_STREAM.dimension,
  kind: 'nss',
  source: 'computed here',
};

/** Throws 'not-available', naming the nearest one, unless the stream can be extracted: NSS, or one of these encoders. */
export function requireExtractable(id: string, encoders: readonly string[]): void {
  const known = [NSS_INFO.id, ...encoders];
  if (known.includes(id)) return;
  const near = nearest(id, known);
  throw new StudioError('not-available', `Stream "${id}" can not be extracted`, {
    hint: `${near === null ? '' : `Did you mean "${near}"? `}Available: ${known.join(', ')}; encoders can be added, and features of others imported.`,
  });
}

/** Every stream of the catalog, in every version: NSS, vision streams that were computed here, imported ones. */
export function allStreams(reader: CatalogReader): StreamInfo[] {
  const vision = reader.encoders.visionStreams().map(({ stream, ...facts }): StreamInfo => ({
    id: stream,
    ...facts,
    kind: 'vision',
    source: 'computed here',
  }));
  const imported = reader.features.importedStreams().map((s): StreamInfo => ({
    id: s.stream,
    title: `${s.stream} (imported)`,
    version: s.version,
    dimension: s.dimension,
    kind: 'imported',
    source: s.source,
  }));
  return [NSS_INFO, ...vision, ...imported];
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
      `Extract it: studio extract --dataset "${dataset.name}" --streams ${stream}; ` +
      `or import it: studio features import --dataset "${dataset.name}" --stream ${stream} FILE`,
  });
}
