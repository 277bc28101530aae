/** A program for encoders.ts: a loop of session.run on one ready tensor, as bare as it gets, in a process as nice as the
 *  encoder process. Arguments: model, output, side, crops per run, runs, threads, "spinning" or "sleeping". */
import { setPriority } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';

setPriority(10);
const [model, output, side, crops, runs, threads, waiting] = process.argv.slice(2);
const session = await InferenceSession.create(model!, {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  ...(waiting === 'sleeping' ? { extra: { session: { intra_op: { allow_spinning: '0' } } } } : {}),
});
const shape = [Number(crops), 3, Number(side), Number(side)];
const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
const feeds = { pixel_values: new Tensor('float32', values, shape) };
await session.run(feeds, [output!]);
const started = performance.now();
for (let i = 0; i < Number(runs); i++) await session.run(feeds, [output!]);
process.stdout.write(String((performance.now() - started) / 1000));
