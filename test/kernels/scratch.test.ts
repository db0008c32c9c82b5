import { expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { OutOfMemoryError } from '../../ts/base/errors.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { Engine } from '../../ts/kernels/engine.ts';
import { besideCode } from '../../ts/kernels/besideCode.ts';
import { loadModules } from '../../ts/kernels/modules.ts';
import { Random } from '../helpers/random.ts';

const BLOCK = 4 << 20;

/** An engine whose memory cannot grow beyond 16 MB. */
async function smallEngine(): Promise<Engine> {
  const { module } = await loadModules('simd-threads', besideCode);
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 256, shared: true });
  const engine = new Engine({
    build: 'simd-threads',
    numerics: 'strict',
    threads: 1,
    module,
    memory,
  });
  useEngine(engine);
  return engine;
}

it('what finds no memory for its scratch leaves that of others where it was', async () => {
  const engine = await smallEngine();
  const random = new Random('scratch');
  const x = tensor(random.floats(20 * 20 * 8), [1, 20, 20, 8]);
  const w = tensor(random.floats(9 * 8 * 16), [3, 3, 8, 16]);
  const expected = conv2d(x, w, { padding: 1 }).data();
  const args = { y: null, rounds: 1 };
  const step = { kernel: 'ceiling.fma.f32/simd', chunks: 1, args, scratchBytes: 64 * BLOCK };
  expect(() => engine.writePlan([step])).toThrow(OutOfMemoryError);
  expect(() => engine.runSteps([step])).toThrow(OutOfMemoryError);
  // Would lie where the scratch memory was.
  const others = Array.from({ length: 16 }, () =>
    tensor(new Float32Array(1 << 15).fill(7), [1 << 15]),
  );
  expect(conv2d(x, w, { padding: 1 }).data()).toEqual(expected);
  for (const other of others) expect(other.data().every((value) => value === 7)).toBe(true);
  engine.close();
});

it('an op that finds no memory leaves nothing', async () => {
  const engine = await smallEngine();
  const x = tensor(new Float32Array(16 * 16 * 64), [1, 16, 16, 64]);
  const w = tensor(new Float32Array(9 * 64 * 2048), [3, 3, 64, 2048]);
  // Leaves room for the result, but not for the packed weights.
  const other = engine.allocate(5 << 20);
  const used = engine.usedBytes;
  expect(() => conv2d(x, w, { padding: 1 })).toThrow(OutOfMemoryError);
  expect(engine.usedBytes).toBe(used);
  engine.free(other);
  engine.close();
});
