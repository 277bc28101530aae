import { NSS_NAMES } from '../../src-shared/nss-names.ts';
import type { DatasetSummary } from '../../src-shared/dataset.ts';
import type { StreamInfo } from '../../src-shared/streams.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { featureCsvLines, writeNpz } from '../streams/feature-files.ts';
import { activeStream } from '../streams/registry.ts';

/** Label positions read at a time. */
const SLICE = 500;

/** GET /export/features: the dataset's features of a stream as CSV (streamed) or NPZ, in label order. */
export function featuresResponse(
  reader: CatalogReader,
  datasetName: string,
  stream: string,
  format: string,
): Response {
  const dataset = reader.datasets.named(datasetName);
  const info = activeStream(reader, dataset, stream);
  const columns = columnsOf(reader, info);
  if (format === 'npz') {
    const rows = [...slices(reader, dataset, info)].flat();
    const bytes = writeNpz(
      rows.map((r) => r.name),
      columns,
      rows.map((r) => r.vector),
    );
    return new Response(new Uint8Array(bytes), { headers: { 'content-type': 'application/zip' } });
  }
  const encoder = new TextEncoder();
  const source = slices(reader, dataset, info);
  let first = true;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = source.next();
      if (next.done === true) return controller.close();
      const lines = [
        ...featureCsvLines(
          next.value.map((r) => r.name),
          columns,
          next.value.map((r) => r.vector),
        ),
      ];
      controller.enqueue(encoder.encode(lines.slice(first ? 0 : 1).join('')));
      first = false;
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/csv; charset=utf-8' } });
}

function* slices(
  reader: CatalogReader,
  dataset: DatasetSummary,
  info: StreamInfo,
): Generator<{ name: string; vector: Float32Array }[]> {
  const names = reader.features.contents(dataset.id);
  const key = { stream: info.id, version: info.version };
  for (let from = 0; from < dataset.images; from += SLICE) {
    yield reader.features
      .slice(dataset.id, key, from, from + SLICE)
      .map(({ position, vector }) => ({ name: names[position]!.name, vector }));
  }
}

/** Public names of the NSS dimensions, the imported file's own names, or s.000, s.001, ... */
function columnsOf(reader: CatalogReader, info: StreamInfo): string[] {
  if (info.kind === 'nss') return [...NSS_NAMES];
  const imported = reader.features
    .importedStreams()
    .find((s) => s.stream === info.id && s.version === info.version);
  return (
    imported?.columns ??
    Array.from({ length: info.dimension }, (_, d) => `${info.id}.${String(d).padStart(3, '0')}`)
  );
}
