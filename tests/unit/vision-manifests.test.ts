import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { modelFile, parseEncoderManifest, tensorSide } from '../../src-shared/encoder-manifest.ts';
import { encoderVersion, modelDigest, sameModel } from '../../src-main/streams/vision/manifest-version.ts';
import { BUILT_IN_ENCODERS, loadManifests, readManifest } from '../../src-main/streams/vision/manifests.ts';
import { exampleManifest } from './vision-example-manifest.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'vision-manifests-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(root, 'encoders-'));
});
function save(name: string, content: unknown): string {
  const file = path.join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('the built-in manifests', () => {
  it('are those of the specification, each in the file of its id', () => {
    const { manifests, errors } = loadManifests(null);
    expect(errors).toEqual([]);
    expect(
      manifests.map(({ manifest: m }) => [
        m.id,
        m.hub?.repository,
        modelFile(m).path,
        `${m.input.name} ${tensorSide(m.preprocessing)} ${m.input.batch}`,
        `${m.output.name} ${m.output.dimension} ${m.output.row} ${m.output.normalised}`,
        `${m.preprocessing.mode} ${m.preprocessing.size} ${m.preprocessing.filter}`,
      ]),
    ).toEqual([
      [
        'clip-vit-b32',
        'Xenova/clip-vit-base-patch32',
        'onnx/vision_model.onnx',
        'pixel_values 224 null',
        'image_embeds 512 null false',
        'shortest-side-crop 224 bicubic',
      ],
      [
        'clip-vit-h14-laion2b',
        'immich-app/ViT-H-14__laion2b-s32b-b79k',
        'visual/model.onnx',
        'image 224 1',
        'embedding 1024 null true',
        'shortest-side-crop 224 bicubic',
      ],
      [
        'dinov2-large',
        'onnx-community/dinov2-large',
        'onnx/model.onnx',
        'pixel_values 224 null',
        'last_hidden_state 1024 0 false',
        'shortest-side-crop 256 bicubic',
      ],
      [
        'siglip-base-224',
        'Xenova/siglip-base-patch16-224',
        'onnx/vision_model.onnx',
        'pixel_values 224 null',
        'pooler_output 768 null false',
        'squash 224 bicubic',
      ],
      [
        'siglip-so400m-384',
        'immich-app/ViT-SO400M-14-SigLIP-384__webli',
        'visual/model.onnx',
        'image 384 1',
        'embedding 1152 null true',
        'squash 384 bicubic',
      ],
      [
        'siglip2-base-224',
        'onnx-community/siglip2-base-patch16-224-ONNX',
        'onnx/vision_model.onnx',
        'pixel_values 224 null',
        'pooler_output 768 null false',
        'squash 224 bilinear',
      ],
      [
        'siglip2-so400m-384',
        'onnx-community/siglip2-so400m-patch14-384-ONNX',
        'onnx/vision_model.onnx',
        'pixel_values 384 null',
        'pooler_output 1152 null false',
        'squash 384 bilinear',
      ],
    ]);
    for (const { manifest, file } of manifests) expect(path.basename(file)).toBe(`${manifest.id}.json`);
    expect(readdirSync(BUILT_IN_ENCODERS)).toHaveLength(manifests.length);
  });

  it('give a hash only where the specification does', () => {
    const known = loadManifests(null).manifests.filter(({ manifest }) => modelFile(manifest).sha256 !== null);
    expect(known.map(({ manifest }) => manifest.id)).toEqual(['siglip2-base-224']);
    expect(modelFile(known[0]!.manifest)).toMatchObject({
      bytes: 371_807_752,
      sha256: 'c0573e3f4140c3a7c4e9cc5912bd6b26a033b46a6a8e8af26cbea262b163bcad',
    });
  });
});

describe("the user's manifests", () => {
  it('come after the built-in ones; a wrong one is told and hides no other', () => {
    save('a.json', exampleManifest({ id: 'mine' }));
    const broken = save('b.json', '{ "id": ');
    const taken = save('c.json', exampleManifest({ id: 'siglip-base-224' }));
    const twice = save('d.json', exampleManifest({ id: 'mine' }));
    save('z.json', exampleManifest({ id: 'last' }));
    save('model.onnx', 'not looked at');
    mkdirSync(path.join(folder, 'folder.json'));
    const { manifests, errors } = loadManifests(folder);
    expect(manifests.filter((m) => !m.builtIn).map((m) => m.manifest.id)).toEqual(['mine', 'last']);
    expect(errors.map(({ code, file }) => [code, file])).toEqual([
      ['bad-input', broken],
      ['conflict', taken],
      ['conflict', twice],
      [expect.any(String), path.join(folder, 'folder.json')],
    ]);
    expect(errors[1]?.message).toContain(path.join(BUILT_IN_ENCODERS, 'siglip-base-224.json'));
  });

  it('need not be there', () => {
    expect(loadManifests(path.join(folder, 'none')).errors).toEqual([]);
  });

  it('are refused as files that are no manifest', () => {
    expect(() => readManifest(path.join(folder, 'none.json'))).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
    expect(() => readManifest(save('large.json', ' '.repeat(300_000)))).toThrow('it has 300000 bytes');
  });
});

describe('a wrong manifest', () => {
  const base = exampleManifest();
  const crop = { ...base.preprocessing, mode: 'shortest-side-crop', size: 224 };
  it.each<[string, unknown]>([
    ['"input.batch"', { ...base, input: { ...base.input, batch: 0 } }],
    ['"input.layout"', { ...base, input: { ...base.input, layout: 'NHWC' } }],
    ['"input.dtype"', { ...base, input: { ...base.input, dtype: 'int8' } }],
    ['"preprocessing.mode"', { ...base, preprocessing: { ...crop, mode: 'stretch' } }],
    ['"preprocessing.cropSize"', { ...base, preprocessing: crop }],
    [
      '"preprocessing.cropSize": must not exceed size',
      { ...base, preprocessing: { ...crop, cropSize: 256 } },
    ],
    [
      'unknown field "preprocessing.cropSize"',
      { ...base, preprocessing: { ...base.preprocessing, cropSize: 8 } },
    ],
    ['"preprocessing.std"', { ...base, preprocessing: { ...base.preprocessing, std: [1, 0, 1] } }],
    ['"preprocessing.mean', { ...base, preprocessing: { ...base.preprocessing, mean: [1, 1] } }],
    ['"files": must hold exactly one file of role "model"', { ...base, files: [] }],
    ['"files.0.path"', { ...base, files: [{ ...base.files[0], path: '../model.onnx' }] }],
    ['"files.0.path"', { ...base, files: [{ ...base.files[0], path: '/model.onnx' }] }],
    ['"files.0.sha256"', { ...base, files: [{ ...base.files[0], sha256: 'abc' }] }],
    ['"id": is the id of another stream', { ...base, id: 'nss' }],
    ['"id"', { ...base, id: '../x' }],
    ['"hub.repository"', { ...base, hub: { repository: 'https://x/y/z', revision: null } }],
    ['"output.dimension"', { ...base, output: { ...base.output, dimension: 1.5 } }],
    ['unknown field "licencse" (did you mean "licence"?)', { ...base, licencse: 'MIT' }],
    ['the whole', null],
  ])('is refused with file and field: %s', (field, json) => {
    const parse = () => parseEncoderManifest(json, 'home/encoders/mine.json');
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        file: 'home/encoders/mine.json',
        hint: expect.any(String),
      }),
    );
    expect(parse).toThrow('home/encoders/mine.json');
    expect(parse).toThrow(field);
  });

  it('with many problems is refused with the first three and the number of the others', () => {
    const parse = (json: unknown) => () => parseEncoderManifest(json, 'mine.json');
    const { id: _id, title: _title, ...rest } = base;
    expect(parse({ ...rest, licencse: 'MIT' })).toThrow(
      /^Encoder manifest mine\.json: "id": [^;]+; "title": [^;]+; unknown field "licencse"[^;]+$/,
    );
    expect(parse({ ...rest, licencse: 'MIT', a: 1, b: 2 })).toThrow(
      /^Encoder manifest mine\.json: "id": [^;]+; "title": [^;]+; unknown field [^;]+; and 2 more$/,
    );
  });
});

describe('the stream version', () => {
  const hash = 'c0573e3f4140c3a7c4e9cc5912bd6b26a033b46a6a8e8af26cbea262b163bcad';
  const version = (changes = {}, sha = hash, decoder = 'decoder/1', provider = 'cpu') =>
    encoderVersion(exampleManifest(changes), sha, decoder, provider);

  it('is written in words, and stays what it is: it keys stored features', () => {
    expect(version()).toBe(
      'five-crop/1+squash-224-bicubic/1-76ef597a+model-c0573e3f4140c3a7+cpu-float32+decoder/1',
    );
  });

  it('changes with all that changes an embedding', () => {
    const base = exampleManifest();
    const { preprocessing } = base;
    const versions = [
      version(),
      version({ preprocessing: { ...preprocessing, size: 384 } }),
      version({ preprocessing: { ...preprocessing, filter: 'bilinear' } }),
      version({ preprocessing: { ...preprocessing, mean: [0.5, 0.456, 0.406] } }),
      version({ preprocessing: { ...preprocessing, std: [0.5, 0.224, 0.225] } }),
      version({ preprocessing: { ...preprocessing, mode: 'shortest-side-crop', cropSize: 200 } }),
      version({ preprocessing: { ...preprocessing, mode: 'shortest-side-crop', cropSize: 208 } }),
      version({ output: { name: 'other' } }),
      version({ output: { row: 0 } }),
      version({ input: { dtype: 'float16' } }),
      version({}, hash.replace('c', 'd')),
      version({}, hash, 'decoder/2'),
      version({}, hash, 'decoder/1', 'webgpu'),
    ];
    expect(new Set(versions).size).toBe(versions.length);
  });

  it('is of the same model on another provider only', () => {
    expect(sameModel(version(), version({}, hash, 'decoder/1', 'webgpu'))).toBe(true);
    expect(sameModel(version(), version({ input: { dtype: 'float16' } }))).toBe(false);
    expect(sameModel(version(), version({}, hash.replace('c', 'd')))).toBe(false);
    expect(sameModel('nss-138/1+decoder/1', 'nss-138/2+decoder/1')).toBe(false);
  });

  it('does not change with names, batch or the order of fields', () => {
    const { preprocessing } = exampleManifest();
    const turned = Object.fromEntries(Object.entries(preprocessing).reverse());
    expect(version({ title: 'Another', licence: 'none', input: { batch: 1 } })).toBe(version());
    expect(version({ preprocessing: turned })).toBe(version());
  });

  it('needs a whole SHA-256', () => {
    expect(() => version({}, 'c0573e')).toThrow(RangeError);
  });

  it('covers every file of a model, in any order', () => {
    const a = { path: 'model.onnx', sha256: hash };
    const b = { path: 'weights', sha256: hash.replace('c', 'd') };
    expect(modelDigest([a])).toBe(hash);
    expect(modelDigest([a, b])).toBe(modelDigest([b, a]));
    expect(modelDigest([a, b])).toMatch(/^[0-9a-f]{64}$/);
    expect(modelDigest([a, { ...b, sha256: hash }])).not.toBe(modelDigest([a, b]));
    expect(() => modelDigest([])).toThrow(RangeError);
  });
});
