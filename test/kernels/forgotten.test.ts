import { beforeEach, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { tensor, zeros } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { OutOfMemoryError } from '../../ts/base/errors.ts';
import { relu } from '../../ts/functions/relu.ts';
import { sigmoid } from '../../ts/functions/sigmoid.ts';
import { Engine } from '../../ts/kernels/engine.ts';
import { loadModules } from '../../ts/kernels/modules.ts';
import { startTeam } from '../../ts/kernels/team.ts';
import { besideCode } from '../../ts/kernels/besideCode.ts';
import { leaks } from '../../ts/core/leaks.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { Linear } from '../../ts/nn/linear.ts';
import { manualSeed } from '../../ts/nn/seed.ts';
import { scope } from '../../ts/core/scope.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { collectGarbage } from '../helpers/collectGarbage.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

const MEGABYTE = 1 << 20;
/** Of the memory that these engines have. */
const PAGES = 512;
const modules = await loadModules('simd-threads', besideCode);
let engine: Engine;
let memory: WebAssembly.Memory | undefined;

beforeEach(() => {
  memory = new WebAssembly.Memory({ initial: 64, maximum: PAGES, shared: true });
  const facts = { build: 'simd-threads', numerics: 'strict', threads: 1 } as const;
  engine = new Engine({ ...facts, ...modules, memory });
  useEngine(engine);
});

const image = goldenImages('forgotten', [1, 1, 32, 32]);

/** One megabyte of floats that nobody keeps. */
const forget = (): void => void zeros([MEGABYTE / 4]);

it('tensors that a loop without a turn of the event loop forgets do not fill memory', () => {
  for (let i = 0; i < 4 * 32; i++) forget();
  expect(engine.memoryBytes).toBeLessThanOrEqual(PAGES * 65536);
});

it('tensors that are held are never taken', () => {
  const held = Array.from({ length: 20 }, (_, i) => tensor([i], [1]));
  const large = Array.from({ length: 12 }, (_, i) =>
    tensor(new Float32Array(MEGABYTE / 4).fill(i), [MEGABYTE / 4]),
  );
  for (let i = 0; i < 100; i++) forget();
  expect(held.map((one) => one.item())).toEqual(held.map((_, i) => i));
  for (const [i, one] of large.entries()) {
    expect(one.data().every((value) => value === i)).toBe(true);
  }
  expect(() => zeros([32 * MEGABYTE])).toThrow(OutOfMemoryError);
});

it('the inputs of an op live until it has read them, whoever forgets them', () => {
  for (let i = 0; i < 60; i++) {
    const y = relu(relu(tensor(new Float32Array(MEGABYTE / 4).fill(i), [MEGABYTE / 4])));
    expect(y.data().every((value) => value === i)).toBe(true);
  }
});

it('models and predictors that are forgotten, as in a loop of microtasks alone', async () => {
  const run = async (seed: number): Promise<number> => {
    const logits = await new Predictor(resnet8({ inChannels: 1, seed })).logits(
      image.images,
      [1, 32, 32, 1],
    );
    return logits[0]!;
  };
  const first = await run(1);
  const one = engine.usedBytes;
  const cycles = Math.ceil((3 * PAGES * 65536) / one);
  for (let i = 0; i < cycles; i++) await run(2);
  expect(await run(1)).toBe(first);
});

it('plans that are forgotten', () => {
  const layer = new Linear(512, 1024);
  const before = engine.usedBytes;
  const once = (): void =>
    void compile((x) => layer.forward(x), [{ shape: [64, 512], dtype: 'f32' }], {
      recording: false,
    });
  once();
  const one = engine.usedBytes - before;
  const cycles = Math.ceil((3 * PAGES * 65536) / one);
  for (let i = 0; i < cycles; i++) once();
});

it('leave nothing once garbage has been collected', async () => {
  manualSeed(1);
  const before = leaks();
  await (async () => {
    const predictor = new Predictor(resnet8({ inChannels: 1, seed: 3 }));
    await predictor.logits(image.images, [1, 32, 32, 1]);
    expect(leaks().length).toBeGreaterThan(before.length + 3);
  })();
  await collectGarbage();
  expect(leaks()).toEqual(before);
});

it('leaks tells what a function left, and where it was made', async () => {
  manualSeed(1);
  let kept: unknown;
  const found = await leaks(async () => {
    await Promise.resolve();
    zeros([7]).dispose();
    scope(() => void zeros([8]));
    kept = zeros([3, 5]);
  });
  expect(kept).toBeDefined();
  expect(found).toMatchObject([{ name: 'tensor [3, 5] f32', bytes: 60 }]);
  expect(found[0]!.made).toContain('forgotten.test.ts');
  expect(leaks().at(-1)).toMatchObject({ name: 'tensor [3, 5] f32', bytes: 60 });
  expect(
    await leaks(async () => {
      using net = resnet8({ inChannels: 1, seed: 1 });
      using predictor = new Predictor(net);
      await predictor.logits(image.images, [1, 32, 32, 1]);
    }),
  ).toEqual([]);
});

it('a closed engine holds no WASM memory, though it and its tensors are held', async () => {
  const x = sigmoid(zeros([4]));
  const net = resnet8({ inChannels: 1, seed: 1 });
  const predictor = new Predictor(net);
  await predictor.logits(image.images, [1, 32, 32, 1]);
  const held = new WeakRef(memory!);
  memory = undefined;
  engine.close();
  await collectGarbage();
  expect(held.deref()).toBeUndefined();
  expect([engine.memoryBytes, engine.usedBytes, engine.busy]).toEqual([0, 0, false]);
  const advice = 'engine: used after close(): init() gives another';
  expect(() => engine.math.exp(1)).toThrow(advice);
  await expect(predictor.logits(image.images, [1, 32, 32, 1])).rejects.toThrow(advice);
  await expect(predictor.logits(image.images, [2, 32, 16, 1])).rejects.toThrow(advice);
  for (const owner of [x, net, predictor]) owner.dispose();
});

it.each([false, true])('so does one with a team, whose first worker leads: %s', async (remote) => {
  const facts = { build: 'simd-threads', numerics: 'strict', threads: 2 } as const;
  const own = await (async () => {
    const shared = new WebAssembly.Memory({ initial: 64, maximum: PAGES, shared: true });
    const made = new Engine({ ...facts, ...modules, memory: shared });
    made.attach(await startTeam(modules, shared, 2, remote, besideCode.worker));
    useEngine(made);
    await compile((x) => sigmoid(relu(x)), [{ shape: [4], dtype: 'f32' }]).run(new Float32Array(4));
    made.close();
    return { made, memory: new WeakRef(shared) };
  })();
  for (let turns = 0; own.memory.deref() && turns < 100; turns++) await collectGarbage();
  expect(own.memory.deref()).toBeUndefined();
  expect(own.made.closed).toBe(true);
});

it('an engine is closed at the end of its block', async () => {
  const other = await (async () => {
    await using own = engine;
    expect(own.closed).toBe(false);
    return own;
  })();
  expect(other.closed).toBe(true);
});
