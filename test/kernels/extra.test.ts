import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { tensor } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { onEngine } from '../../ts/core/init.ts';
import { dot } from '../../ts/functions/dot.ts';
import { relu } from '../../ts/functions/relu.ts';
import { sigmoid } from '../../ts/functions/sigmoid.ts';
import type { ExtraBuild, WasmName } from '../../ts/kernels/assets.ts';
import { cores } from '../../ts/kernels/cores.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import type { WasmSource } from '../../ts/kernels/wasmSource.ts';
import { engineOn, loadable } from '../helpers/engines.ts';
import { runBundled } from '../helpers/runBundled.ts';
import { startedWorkers } from '../helpers/startedWorkers.ts';

/** Enough for many chunks. */
const COUNT = 100_003;
const values = Float32Array.from({ length: COUNT }, (_, i) => ((i * 37) % 1009) / 50 - 10);
const exact = (x: number): number => 1 / (1 + Math.exp(-x));

/** Largest error of sigmoid, and of its gradient, by an engine; a mistake of a chunk or a stack is as large as the values. */
function largestError(engine: Engine): number {
  const { y, dx } = onEngine(engine, () => {
    const x = tensor(values, [COUNT]);
    x.requiresGrad = true;
    const found = sigmoid(x);
    const [gradient] = gradients(dot(found, tensor(values, [COUNT])), [x]);
    return { y: found.data(), dx: gradient!.data() };
  });
  return values.reduce((most, x, i) => {
    const right = exact(x);
    const errors = [y[i]! - right, dx[i]! - x * right * (1 - right)];
    return Math.max(most, ...errors.map(Math.abs));
  }, 0);
}

describe('an op of the extra module', () => {
  it.each(
    loadable.flatMap((build) =>
      (build.endsWith('threads') ? [1, 2] : [1]).map((threads) => [build, threads] as const),
    ),
  )('runs forward and backward on %s with %i threads', async (build, threads) => {
    const engine = await engineOn(build, { threads });
    expect(engine.extra).toBe(true);
    expect(largestError(engine)).toBeLessThan(1e-6);
    engine.close();
  });

  it('gives the same bits on all', async () => {
    const bits = await Promise.all(
      loadable.map(async (build) => {
        const engine = await engineOn(build);
        const y = onEngine(engine, () => sigmoid(tensor(values, [COUNT])).data());
        engine.close();
        return Buffer.from(y.buffer).toString('base64');
      }),
    );
    expect(new Set(bits).size).toBe(1);
  });

  it('runs in a compiled plan that a worker leads', async () => {
    const engine = await engineOn('simd-threads', { threads: 2, remote: true });
    const plan = onEngine(engine, () =>
      compile((x) => sigmoid(relu(x)), [{ shape: [COUNT], dtype: 'f32' }]),
    );
    const [y] = await plan.run(values);
    const right = values.map((x) => exact(Math.max(x, 0)));
    expect(Math.max(...y!.map((value, i) => Math.abs(value - right[i]!)))).toBeLessThan(1e-6);
    engine.close();
  });

  it('runs on engines side by side', async () => {
    const engines = await Promise.all([
      engineOn('simd'),
      engineOn('simd-256'),
      engineOn('simd-threads'),
      engineOn('simd-threads', { threads: 1 }),
    ]);
    const errors = await Promise.all(engines.map(async (engine) => largestError(engine)));
    expect(Math.max(...errors)).toBeLessThan(1e-6);
    engines[0].close();
    expect(largestError(engines[2])).toBeLessThan(1e-6);
    for (const engine of engines) engine.close();
  });

  it('runs on the engine that is made when a worker of the first has ended', async () => {
    if (cores() < 2) return;
    const start = (): Promise<Engine> => createEngine({ threads: 2, numerics: 'strict' });
    const { result: first, workers } = await startedWorkers(start);
    await Promise.all(workers.flatMap((worker) => [once(worker, 'exit'), worker.terminate()]));
    expect(() => largestError(first)).toThrow('a worker ended');
    first.close();
    const second = await start();
    expect([second.threads, second.extra]).toEqual([2, true]);
    expect(largestError(second)).toBeLessThan(1e-6);
    second.close();
  });
});

const folder = new URL('../../ts/kernels/assets/', import.meta.url);
const fileOf = (name: WasmName): URL => new URL(`${name}.wasm`, folder);
const bytesOf = (name: WasmName): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(fileOf(name)));
const moduleOf = (name: ExtraBuild): WebAssembly.Module => new WebAssembly.Module(bytesOf(name));

describe('wasmUrl', () => {
  const options = { threads: 1, numerics: 'strict', simd: 128 } as const;

  it.each<[string, WasmSource]>([
    ['names', { simd: fileOf('simd'), extra: bytesOf('extra') }],
    ['a compiled module', { simd: fileOf('simd'), extra: moduleOf('extra') }],
    ['a folder', folder],
    ['a function', (name) => fileOf(name)],
  ])('gives the extra module by %s', async (_, wasmUrl) => {
    const engine = await createEngine({ ...options, wasmUrl });
    expect(largestError(engine)).toBeLessThan(1e-6);
    engine.close();
  });

  it.each<[string, WasmSource, string]>([
    ['a single build', fileOf('simd'), 'init: wasmUrl is a single build but extra is needed'],
    ['bytes', bytesOf('simd'), 'init: wasmUrl is a single build but extra is needed beside it'],
    [
      'names without it',
      { simd: fileOf('simd') },
      'init: wasmUrl has the builds simd but extra is needed here',
    ],
    [
      'another width',
      { simd: fileOf('simd'), extra: fileOf('extra-256') },
      'init: wasmUrl gives the build extra-256 but extra is needed here',
    ],
    [
      'a function that knows builds alone',
      (name) => (name === 'simd' ? fileOf(name) : (undefined as unknown as URL)),
      'init: wasmUrl gives nothing for extra',
    ],
  ])('that is %s computes all but the op, which says why', async (_, wasmUrl, reason) => {
    const engine = await createEngine({ ...options, wasmUrl });
    const message = `sigmoid: its kernels could not be loaded: ${reason}`;
    onEngine(engine, () => {
      const x = tensor([-1, 2], [2]);
      expect([...relu(x).data()]).toEqual([0, 2]);
      const used = engine.usedBytes;
      expect(() => sigmoid(x)).toThrow(message);
      expect(() => compile((z) => sigmoid(z), [{ shape: [2], dtype: 'f32' }])).toThrow(message);
      expect(engine.usedBytes).toBe(used);
    });
    engine.close();
  });

  it('gives a module, where threads need its bytes', async () => {
    if (cores() < 2) return;
    const wasmUrl = { 'simd-threads': fileOf('simd-threads'), extra: moduleOf('extra') };
    const engine = await createEngine({ ...options, threads: 2, wasmUrl });
    const message = 'init: wasmUrl gives a module for extra but threads need its bytes';
    expect(engine.extra).toBe(message);
    expect(() => onEngine(engine, () => sigmoid(tensor([1], [1])))).toThrow(message);
    engine.close();
  });
});

it('is loaded by programs that have an op of it alone; an op that comes later says so', async () => {
  const { stdout } = await runBundled(
    'extra-late',
    `
      import { compile } from './ts/compile/compile.ts';
      import { tensor } from './ts/core/create.ts';
      import { init } from './ts/core/init.ts';
      import { relu } from './ts/functions/relu.ts';
      const options = { threads: 1, numerics: 'strict', simd: 128 };
      const first = await init(options);
      const x = tensor([-1, 2], [2]);
      const told = [first.extra, [...relu(x).data()]];
      const { sigmoid } = await import('./ts/functions/sigmoid.ts');
      const used = first.usedBytes;
      const spec = { shape: [2], dtype: 'f32' };
      for (const use of [() => sigmoid(x), () => compile((z) => sigmoid(z), [spec])]) {
        try { use(); } catch (error) { told.push(error.message); }
      }
      told.push(first.usedBytes - used);
      const second = await init(options);
      told.push(second === first, second.extra, [...sigmoid(tensor([0], [1])).data()]);
      told.push(second === (await init(options)));
      console.log(JSON.stringify(told));
    `,
  );
  const late =
    'sigmoid: the engine was made without its kernels: import sigmoid before init(), or call init() again for another engine';
  expect(JSON.parse(stdout)).toEqual([
    false,
    [0, 2],
    ...[late, late, 0],
    ...[false, true, [0.5], true],
  ]);
});
