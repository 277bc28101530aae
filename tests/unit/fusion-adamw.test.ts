import { expect, it } from 'vitest';
import { AdamW } from '../../src-main/fusion/adamw.ts';
import { FusionKernel } from '../../src-main/fusion/kernel.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { cosineRate } from '../../src-main/fusion/schedule.ts';

/** PyTorch 2.13: AdamW(lr=0.05, weight_decay=0.1) after clip_grad_norm_(1.0), parameters after each of four steps. */
const GRADIENTS = [
  [0.1, -0.2, 0.3, 0, 5],
  [1e-3, 2e-3, -1e-3, 0, 1e-4],
  [-4, 0.5, 0.5, 1, 0],
  [0.01, 0.02, 0.03, 0.04, 0.05],
];
const EXPECTED = [
  [0.4475000202655792, -0.9449999928474426, 1.940000057220459, 0.0, 0.19875000417232513],
  [0.4099375605583191, -0.9086782932281494, 1.8974239826202393, 0.0, 0.16424961388111115],
  [0.43925201892852783, -0.9266983866691589, 1.8480019569396973, -0.031940676271915436, 0.13752762973308563],
  [0.462442010641098, -0.9448758959770203, 1.800477385520935, -0.06238343566656113, 0.1141931414604187],
];

it('AdamW with clipping follows PyTorch step by step', () => {
  const initial = Float32Array.of(0.5, -1, 2, 0, 0.25);
  const kernel = new FusionKernel(AdamW.bytes(initial.length));
  const optimizer = new AdamW(kernel, initial, { weightDecay: 0.1, clip: 1 });
  GRADIENTS.forEach((gradient, step) => {
    optimizer.gradient.set(gradient);
    optimizer.step(0.05);
    optimizer.parameters.forEach((value, i) => expect(value).toBeCloseTo(EXPECTED[step]![i]!, 6));
  });
});

it.each([1, 3, 255, 256, 1027])('a vector of %i parameters takes the step of the formula', (size) => {
  const random = new Random(size);
  const draw = (): Float32Array => Float32Array.from({ length: size }, () => 2 * random.uniform() - 1);
  const initial = draw();
  const kernel = new FusionKernel(AdamW.bytes(size));
  const optimizer = new AdamW(kernel, initial, { weightDecay: 0.01, clip: 0.5 });
  const [p, m, v] = [Float64Array.from(initial), new Float64Array(size), new Float64Array(size)];
  for (let step = 1; step <= 3; step++) {
    const gradient = draw();
    optimizer.gradient.set(gradient);
    optimizer.step(0.1);
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    gradient.forEach((g, i) => {
      const clipped = g * Math.min(1, 0.5 / (norm + 1e-6));
      m[i] = 0.9 * m[i]! + 0.1 * clipped;
      v[i] = 0.999 * v[i]! + 0.001 * clipped ** 2;
      const change = m[i]! / (1 - 0.9 ** step) / (Math.sqrt(v[i]! / (1 - 0.999 ** step)) + 1e-8);
      p[i] = p[i]! * (1 - 0.1 * 0.01) - 0.1 * change;
    });
  }
  optimizer.parameters.forEach((value, i) => expect(value).toBeCloseTo(p[i]!, 5));
});

it('the learning rate follows torch CosineAnnealingLR(T_max = 8)', () => {
  const expected = [5e-4, 4.809698831278217e-4, 4.267766952966369e-4, 3.4567085809127253e-4, 2.5e-4];
  const actual = expected.map((_, epoch) => cosineRate(5e-4, epoch, 8));
  actual.forEach((lr, epoch) => expect(lr).toBeCloseTo(expected[epoch]!, 15));
  expect(cosineRate(5e-4, 8, 8)).toBeCloseTo(0, 15);
});
