import { describe, expect, it } from 'vitest';
import { gateStreamOf, parseExperimentSpec, runsOf } from '../../src-shared/experiment-spec.ts';
import {
  EXPERIMENT_TEMPLATES,
  streamsOfRoles,
  type TemplateInput,
} from '../../src-shared/experiment-templates.ts';

const PAPER_STREAMS = ['dinov2-large', 'clip-vit-h14-laion2b', 'siglip-so400m-384', 'nss'];
const INPUT: TemplateInput = {
  train: 'a',
  test: 'b',
  groups: false,
  streams: PAPER_STREAMS,
  preset: 'paper',
};
const filled = (id: string, change: Partial<TemplateInput> = {}) =>
  EXPERIMENT_TEMPLATES.find((template) => template.id === id)!.fill({ ...INPUT, ...change });

describe('the roles of streams', () => {
  it('are played by the encoders of the paper where they are there', () => {
    expect(streamsOfRoles([...PAPER_STREAMS, 'siglip-base-224', 'clip-vit-b32'])).toEqual({
      nss: 'nss',
      siglip: 'siglip-so400m-384',
      'clip-h': 'clip-vit-h14-laion2b',
      dinov2: 'dinov2-large',
    });
  });

  it('go to light encoders and to any other vision stream, never one stream twice', () => {
    expect(streamsOfRoles(['nss', 'clip-vit-b32', 'siglip2-base-224'])).toEqual({
      nss: 'nss',
      siglip: 'siglip2-base-224',
      'clip-h': 'clip-vit-b32',
    });
    expect(streamsOfRoles(['mine', 'yours'])).toEqual({ siglip: 'mine', 'clip-h': 'yours' });
    expect(streamsOfRoles(['clip-vit-b32'])).toEqual({ siglip: 'clip-vit-b32' });
    expect(streamsOfRoles(['dinov2-large'])).toEqual({ dinov2: 'dinov2-large' });
    expect(streamsOfRoles([])).toEqual({});
  });
});

describe('the templates', () => {
  it.each(['studio', 'paper'] as const)(
    'are valid specs in the preset %s, each run with its gate',
    (preset) => {
      for (const template of EXPERIMENT_TEMPLATES) {
        const { spec, missing } = template.fill({ ...INPUT, preset });
        expect(missing).toEqual([]);
        const runs = runsOf(parseExperimentSpec(spec));
        for (const run of runs) expect(() => gateStreamOf(run.spec)).not.toThrow();
        expect(new Set(runs.map((run) => run.label)).size).toBe(runs.length);
        expect(
          runs.every((run) => run.spec.training.targets === (preset === 'paper' ? 'raw' : 'standardized')),
        );
      }
    },
  );

  it('have the rows of the tables and figures', () => {
    const labels = (id: string) => runsOf(parseExperimentSpec(filled(id).spec)).map((run) => run.label);
    expect(labels('table-3')).toEqual([
      'NSS only',
      'SigLIP only',
      'CLIP-H only',
      'NSS + SigLIP',
      'NSS + CLIP-H',
      'SigLIP + CLIP-H',
      'NSS + SigLIP + CLIP-H',
      'DINOv2 only',
      'NSS + DINOv2',
      'SigLIP + CLIP-H + DINOv2',
    ]);
    expect(labels('table-4')).toHaveLength(7);
    expect(labels('table-5-iii')).toEqual([
      'SigLIP only',
      'CLIP-H only',
      'SigLIP + CLIP-H',
      'NSS + SigLIP + CLIP-H',
    ]);
    expect(labels('figure-5').slice(0, 3)).toEqual(['gate by SigLIP', 'gate by CLIP-H', 'gate by NSS']);
    expect(labels('section-5.2')).toEqual([20, 40, 60, 100].map((p) => `${p} % of the training side`));
  });

  it('follow the paper in what is not the default', () => {
    expect(filled('table-5-ii').spec).toMatchObject({ training: { batch: 64 }, protocol: { kind: 'cv' } });
    expect(parseExperimentSpec(filled('table-5-iii').spec)).toMatchObject({
      train: 'a',
      test: 'b',
      protocol: { seeds: [42, 123, 456], mcDropout: 10, epochs: 40, lr: 5e-5, batch: 32 },
    });
    const gates = runsOf(parseExperimentSpec(filled('figure-4').spec)).map((run) => run.spec.fusion.gate);
    expect(gates).toEqual(['siglip-so400m-384', null, null]);
  });

  it('draw folds by group in the preset studio only, and only where there are groups', () => {
    const unit = (change: Partial<TemplateInput>) => filled('table-4', change).spec!.protocol.unit;
    expect(unit({ preset: 'studio', groups: true })).toBe('group');
    expect(unit({ preset: 'studio', groups: false })).toBe('image');
    expect(unit({ preset: 'paper', groups: true })).toBe('image');
  });

  it('run with the rows that the streams allow, and say what is missing', () => {
    const { spec, missing } = filled('table-3', { streams: ['nss', 'siglip-base-224'] });
    expect(spec!.ablation!.map((entry) => entry.label)).toEqual(['NSS only', 'SigLIP only', 'NSS + SigLIP']);
    expect(spec!.streams).toEqual(['nss', 'siglip-base-224']);
    expect(missing).toEqual([
      {
        message: 'Features of CLIP-H or another second vision encoder (5 of 10 rows need it).',
        needs: 'encoder',
      },
      { message: 'Features of a DINOv2 encoder (3 of 10 rows need it).', needs: 'encoder' },
    ]);
    expect(filled('section-5.2', { streams: ['nss'] }).spec).toBeNull();
    expect(filled('table-5-i', { test: null })).toEqual({
      spec: null,
      missing: [{ message: 'A second dataset to test on, beside a.', needs: 'dataset' }],
    });
    const alone = filled('table-4', { streams: ['nss'] }).spec!;
    expect([alone.streams, alone.ablation]).toEqual([['nss'], undefined]);
  });
});
