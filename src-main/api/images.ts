import { z } from 'zod';
import { imageQuery, type ImageDetail } from '../../src-shared/dataset.ts';
import { distortionName } from '../../src-shared/distortions.ts';
import {
  OCCLUSION_CELLS,
  OCCLUSION_FILLS,
  type BlockMap,
  type RelatedImages,
} from '../../src-shared/inspect.ts';
import type { ImageStream, Neighbours } from '../../src-shared/neighbours.ts';
import { mapOfFeature } from '../streams/block-features.ts';
import { BLOCK_SIZE } from '../streams/nss/grid.ts';
import { allStreams } from '../streams/registry.ts';
import { nssScores } from './nss-scores.ts';
import { occlusionJobs, startOcclusion } from './occlusions.ts';
import { fileOf, referenceOf } from './picture-files.ts';
import { similarImages, similarInput } from './similar-images.ts';
import { idInput, procedure, router } from './trpc.ts';

/** Images: pages of the grid, one image for the Inspector, those beside it and like it, its relatives, where features and predictions see something. */
export const imagesRouter = router({
  page: procedure.input(imageQuery).query(({ ctx, input }) => ctx.services.reader.images.page(input)),

  get: procedure.input(idInput).query(async ({ ctx, input: { id } }): Promise<ImageDetail> => {
    const { reader } = ctx.services;
    const image = reader.images.get(id);
    const dataset = reader.datasets.get(image.dataset_id);
    return {
      id,
      dataset: { id: dataset.id, name: dataset.name, scale: dataset.scale, synthetic: dataset.synthetic },
      name: image.name,
      file: image.file,
      status: image.status,
      reason: image.reason,
      width: image.width,
      height: image.height,
      bytes: image.bytes,
      sha256: image.content.startsWith('absent:') ? null : image.content,
      group: image.group_name,
      reference: image.reference,
      distortion:
        image.distortion === null ? null : { type: image.distortion, name: distortionName(image.distortion) },
      level: image.level,
      split: image.split,
      labels: reader.images.labels(id),
      original: JSON.parse(image.original) as Record<string, string>,
      predictions: reader.images.predictions(id),
      nss: await nssScores(reader, image.content, dataset),
    };
  }),

  neighbours: procedure
    .input(idInput)
    .query(({ ctx, input }) => ctx.services.reader.images.neighbours(input.id)),

  streams: procedure.input(idInput).query(({ ctx, input: { id } }): ImageStream[] => {
    const { reader } = ctx.services;
    const image = reader.images.get(id);
    const infos = allStreams(reader);
    return reader.features.activeStreams(image.dataset_id).map((key) => ({
      ...key,
      title: infos.find((s) => s.id === key.stream && s.version === key.version)?.title ?? key.stream,
      extracted: reader.features.vector(image.content, key) !== null,
    }));
  }),

  similar: procedure
    .input(similarInput)
    .query(({ ctx, input }): Promise<Neighbours> => similarImages(ctx.services, input)),

  related: procedure.input(idInput).query(({ ctx: { services }, input }): RelatedImages => {
    const image = services.reader.images.get(input.id);
    const { reference } = referenceOf(services.reader, image);
    return { reference, ladder: services.reader.related.ladder(image) };
  }),

  blockMap: procedure
    .input(z.strictObject({ id: z.number().int(), feature: z.string().max(60) }))
    .query(async ({ ctx: { services }, input: { id, feature } }): Promise<BlockMap> => {
      const image = services.reader.images.get(id);
      const path = fileOf(services.reader, image);
      const blocks = await services.blocks.of({ key: image.name, path, content: image.content });
      const { rows, columns } = blocks;
      return { feature, rows, columns, blockSize: BLOCK_SIZE, values: mapOfFeature(blocks, feature) };
    }),

  occlude: procedure
    .input(
      z.strictObject({
        id: z.number().int(),
        run: z.number().int(),
        cells: z.literal(OCCLUSION_CELLS),
        fill: z.enum(OCCLUSION_FILLS),
      }),
    )
    .mutation(({ ctx, input }) => startOcclusion(ctx.services, input)),

  occlusions: procedure.input(idInput).query(({ ctx, input }) => occlusionJobs(ctx.services, input.id)),
});
