import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { apply, named } from '../../ts/core/apply.ts';
import { inputsOf } from '../../ts/core/graph.ts';
import { compile } from '../../ts/compile/compile.ts';
import { parameter, state, tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { NonFiniteError, OutOfMemoryError, ShapeError } from '../../ts/base/errors.ts';
import { add } from '../../ts/functions/add.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { dot } from '../../ts/functions/dot.ts';
import { linear } from '../../ts/functions/linear.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { relu } from '../../ts/functions/relu.ts';
import { sumSquares } from '../../ts/functions/sumSquares.ts';
import { BatchNorm2d } from '../../ts/nn/batchNorm2d.ts';
import { Conv2d } from '../../ts/nn/conv2d.ts';
import { guardFinite } from '../../ts/ops/guardFinite.ts';
import { sgdUpdate } from '../../ts/ops/sgdUpdate.ts';
import { scope } from '../../ts/core/scope.ts';
import { bytesOf } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { expectClose } from '../helpers/close.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
useEngine(engine);
afterAll(() => engine.close());
beforeEach(() => useEngine(engine));

const f32 = (...shape: number[]) => ({ shape, dtype: 'f32' as const });
const ramp = (count: number, scale = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => scale * (i - count / 2));

describe('running a plan', () => {
  it('gives its outputs in their order, inputs and state among them', async () => {
    const weight = tensor([1, 2, 3], [3]);
    const plan = compile((x) => [multiply(x, weight), x, weight, add(x, x)], [f32(3)]);
    const outputs = await plan.run(Float32Array.of(4, 5, 6));
    expect(outputs.map((output) => [...output])).toEqual([
      [4, 10, 18],
      [4, 5, 6],
      [1, 2, 3],
      [8, 10, 12],
    ]);
    plan.dispose();
  });

  it('keeps copies of what is written before its guard alone', () => {
    const weight = parameter([512, 512]);
    const lr = tensor([0.1], []);
    const momentum = state(weight.shape);
    const update = (): Tensor => {
      const loss = sumSquares(weight);
      apply(guardFinite, { x: loss }, {});
      const [gradient] = gradients(loss, [weight]);
      const attrs = { momentum: 0.9, nesterov: false, weightDecay: 0 };
      apply(sgdUpdate, { param: weight, grad: gradient!, buffer: momentum, lr }, attrs);
      return loss;
    };
    const before = engine.usedBytes;
    const plan = compile(update, []);
    expect(engine.usedBytes - before).toBeLessThan(plan.peakBytes + bytesOf(weight) / 2);
    plan.dispose();
  });

  it('keeps runs apart that are not awaited one by one', async () => {
    const one = compile((x) => relu(x), [f32(4)]);
    const two = compile((x) => multiply(x, x), [f32(4)]);
    const inputs = [1, 2, 3].map((scale) => ramp(4, scale));
    const runs = [one.run(inputs[0]!), one.run(inputs[1]!), two.run(inputs[2]!)];
    const [a, b, c] = (await Promise.all(runs)).map(([output]) => output);
    expect([...a!]).toEqual([...inputs[0]!].map((x) => Math.max(x, 0)));
    expect([...b!]).toEqual([...inputs[1]!].map((x) => Math.max(x, 0)));
    expect([...c!]).toEqual([...inputs[2]!].map((x) => x * x));
    one.dispose();
    two.dispose();
  });

  it('shares its arena with plans that need less, and outlives them', async () => {
    const small = compile((x) => relu(add(x, x)), [f32(10)]);
    const large = compile((x) => relu(add(x, x)), [f32(100_000)]);
    const used = engine.usedBytes;
    const other = compile((x) => relu(add(x, x)), [f32(50_000)]);
    expect(engine.usedBytes - used).toBeLessThan(10_000);
    large.dispose();
    const [y] = await other.run(ramp(50_000));
    expect(y![49_999]).toBe(49_998);
    other.dispose();
    const [z] = await small.run(ramp(10));
    expect(z![9]).toBe(8);
    small.dispose();
  });

  it('moves its arena for a larger plan, and those that were there before go on', async () => {
    const before = engine.usedBytes;
    const counts = [10, 1000, 50_000, 200_000];
    const plans = counts.map((count) => compile((x) => relu(add(x, x)), [f32(count)]));
    const sum = plans.reduce((bytes, { peakBytes }) => bytes + peakBytes, 0);
    expect(engine.usedBytes - before).toBeLessThan(plans.at(-1)!.peakBytes + 10_000);
    expect(sum).toBeGreaterThan(1.2 * plans.at(-1)!.peakBytes);
    const check = async (index: number): Promise<void> => {
      const count = counts[index]!;
      const [y] = await plans[index]!.run(ramp(count));
      expect(y!.findIndex((value, i) => value !== Math.max(0, 2 * (i - count / 2)))).toBe(-1);
    };
    for (const index of [0, 3, 1, 2, 0]) await check(index);
    plans[3]!.dispose();
    expect(engine.usedBytes - before).toBeLessThan(plans[2]!.peakBytes + 10_000);
    for (const index of [2, 0, 1]) await check(index);
    for (const plan of plans) plan.dispose();
    expect(engine.usedBytes).toBe(before);
  });

  it('shares packed weights with plans that read them alike, and no others', async () => {
    const w = tensor(ramp(9 * 16 * 32, 0.01), [3, 3, 16, 32]);
    const other = tensor(ramp(9 * 16 * 32, 0.02), [3, 3, 16, 32]);
    const make = (weight: Tensor, side: number) =>
      compile((x) => conv2d(x, weight, { padding: 1 }), [f32(1, side, side, 16)]);
    const first = make(w, 12);
    const before = engine.usedBytes;
    const second = make(w, 11);
    expect(engine.usedBytes - before).toBeLessThan(first.constantBytes);
    const third = make(other, 11);
    expect(engine.usedBytes - before).toBeGreaterThan(first.constantBytes);
    const check = async (plan: typeof first, weight: Tensor, side: number): Promise<void> => {
      const x = ramp(side * side * 16, 0.1);
      const expected = conv2d(tensor(x, [1, side, side, 16]), weight, { padding: 1 }).data();
      expect(await plan.run(x)).toEqual([expected]);
    };
    await check(first, w, 12);
    await check(second, w, 11);
    w.write(ramp(9 * 16 * 32, -0.03));
    await check(second, w, 11);
    first.dispose();
    await check(second, w, 11);
    await check(third, other, 11);
    second.dispose();
    third.dispose();
  });

  it('works on state where it is and marks it as written', async () => {
    const [w, v, lr] = [parameter([3]), state([3]), tensor([0.5], [])];
    const attrs = { momentum: 0, nesterov: false, weightDecay: 0 };
    const plan = compile(
      (g) => {
        apply(sgdUpdate, { param: w, grad: g, buffer: v, lr }, attrs);
        return [];
      },
      [f32(3)],
    );
    const before = w.version;
    expect(await plan.run(Float32Array.of(2, 4, 6))).toEqual([]);
    expect([...w.data()]).toEqual([-1, -2, -3]);
    expect(w.version).toBeGreaterThan(before);
    plan.dispose();
    expect([...w.data()]).toEqual([-1, -2, -3]);
  });

  it('packs weights again after they were written', async () => {
    const w = tensor(ramp(9 * 4 * 8, 0.01), [3, 3, 4, 8]);
    const x = ramp(5 * 5 * 4, 0.1);
    const plan = compile((x) => conv2d(x, w, { padding: 1 }), [f32(1, 5, 5, 4)]);
    expect(plan.constantBytes).toBeGreaterThan(0);
    for (const scale of [0.01, -0.02, 0.03]) {
      w.write(ramp(9 * 4 * 8, scale));
      const expected = conv2d(tensor(x, [1, 5, 5, 4]), w, { padding: 1 }).data();
      expect(await plan.run(x)).toEqual([expected]);
      expect(await plan.run(x)).toEqual([expected]);
    }
    plan.dispose();
  });

  it('packs weights when it is compiled, not in its first run', async () => {
    const weight = ramp(9 * 4 * 8, 0.01);
    const w = tensor(weight, [3, 3, 4, 8]);
    const x = ramp(5 * 5 * 4, 0.1);
    const expected = conv2d(tensor(x, [1, 5, 5, 4]), w, { padding: 1 }).data();
    const plan = compile((x) => conv2d(x, w, { padding: 1 }), [f32(1, 5, 5, 4)]);
    engine.write(w.view.pointer, new Float32Array(weight.length));
    expect(await plan.run(x)).toEqual([expected]);
    plan.dispose();
  });

  it('keeps packed weights but not the folded ones that they are made of', async () => {
    const settings = { kernelSize: 3, padding: 1, bias: false } as const;
    const convs = [4, 8, 8].map((channels) => new Conv2d(channels, 8, settings));
    const norms = convs.map(() => new BatchNorm2d(8).eval());
    const forward = (x: Tensor): Tensor =>
      convs.reduce((y, conv, i) => relu(norms[i]!.forward(conv.forward(y))), x);
    const x = ramp(5 * 5 * 4, 0.1);
    const plan = compile(forward, [f32(1, 5, 5, 4)], { recording: false });
    const read = plan.lowered.main.flatMap(({ node }) => inputsOf(node).slice(1));
    expect(plan.constantBytes).toBe(read.reduce((sum, value) => sum + bytesOf(value), 0));
    for (const scale of [1, -0.5]) {
      norms[1]!.weight.write(ramp(8, scale));
      const [found] = await plan.run(x);
      const expected = noGrad(() => forward(tensor(x, [1, 5, 5, 4]))).data();
      expectClose(found!, expected, 1e-5, 'folded');
    }
    plan.dispose();
  });

  it('returns every byte when it is disposed', () => {
    const w = tensor(ramp(9 * 4 * 8), [3, 3, 4, 8]);
    const used = engine.usedBytes;
    const plan = compile((x) => relu(conv2d(x, w)), [f32(2, 9, 9, 4)]);
    expect(engine.usedBytes - used).toBeGreaterThanOrEqual(plan.peakBytes + plan.constantBytes);
    plan.dispose();
    plan.dispose();
    expect(engine.usedBytes).toBe(used);
  });
});

describe('a plan refuses', () => {
  const plan = compile((x, n) => [relu(x), n], [f32(2, 2), { shape: [3], dtype: 'i32' }]);

  it.each([
    ['another count of inputs', [new Float32Array(4)], 'plan: 1 inputs given, 2 wanted'],
    [
      'another size',
      [new Float32Array(5), new Int32Array(3)],
      'plan: input 0 has 5 f32 values but [2, 2] f32 takes 4',
    ],
    [
      'another type',
      [new Float32Array(4), new Float32Array(3)],
      'plan: input 1 has 3 f32 values but [3] i32 takes 3',
    ],
  ])('%s', async (_, inputs, message) => {
    await expect(plan.run(...inputs)).rejects.toThrow(RangeError);
    await expect(plan.run(...inputs)).rejects.toThrow(message);
  });

  it('to run after dispose', async () => {
    const gone = compile((x) => relu(x), [f32(2)]);
    gone.dispose();
    await expect(gone.run(new Float32Array(2))).rejects.toThrow('plan: used after dispose()');
  });

  it('to run on a tensor that was disposed', async () => {
    const { plan, w } = scope(() => {
      const w = tensor([1, 2], [2]);
      return { plan: compile((x) => multiply(x, w), [f32(2)]), w };
    });
    expect([...(await plan.run(Float32Array.of(3, 4)))[0]!]).toEqual([3, 8]);
    w.dispose();
    await expect(plan.run(Float32Array.of(3, 4))).rejects.toThrow('was used after dispose()');
    plan.dispose();
  });

  it('tensors of another engine', async () => {
    const other = await engineOn('simd');
    const w = tensor([1, 2], [2]);
    const run = () => compile((x) => multiply(x, w), [f32(2)], { engine: other });
    expect(run).toThrow('lives on another engine');
    other.close();
  });
});

describe('capture', () => {
  it('throws where a value is read', () => {
    const message = 'capture: a value was read while a graph is captured';
    expect(() => compile((x) => [x, ...(x.item() > 0 ? [x] : [])], [f32(1)])).toThrow(message);
    expect(() => compile((x) => tensor(relu(x).data(), [1]), [f32(1)])).toThrow(message);
  });

  it('throws for an async function', () => {
    const fn = async (): Promise<never[]> => [];
    expect(() => compile(fn as never, [])).toThrow('the function is async but must be synchronous');
  });

  it('leaves eager computation as it was when it throws', () => {
    expect(() => compile((x) => x.item() as never, [f32(1)])).toThrow();
    expect(relu(tensor([-1, 2], [2])).data()).toEqual(Float32Array.of(0, 2));
  });

  it('gives shape errors their place in the model', () => {
    const w = tensor(ramp(6), [2, 3]);
    const run = () => compile((x) => named('layer1.fc', () => linear(x, w)), [f32(1, 5)]);
    expect(run).toThrow(ShapeError);
    expect(run).toThrow('layer1.fc: linear: input [1, 5] has 5 features but weight expects 2');
  });

  it('records gradients, unless told not to', () => {
    const w = parameter([2]);
    const loss = (x: Parameters<typeof dot>[0]) => gradients(dot(x, w), [w]);
    expect(() => compile(loss, [f32(2)]).dispose()).not.toThrow();
    expect(() => compile(loss, [f32(2)], { recording: false })).toThrow(
      'gradients: the loss does not depend on a tensor that requires them',
    );
  });
});

describe('what a plan says about memory', () => {
  it('states its peak before it runs, which two buffers in turn keep low', () => {
    const plan = compile(
      (x) => Array.from({ length: 10 }).reduce<typeof x>((y) => add(y, y), x),
      [f32(1000)],
    );
    const bytes = 4 * 1024;
    expect(plan.peakBytes).toBeLessThanOrEqual(3 * bytes);
    plan.dispose();
  });

  it('throws OutOfMemoryError with the bytes it needs, and leaves nothing', () => {
    const used = engine.usedBytes;
    const shape = f32(64, 1024, 1024, 64);
    const run = () => compile((x) => relu(x), [shape]);
    expect(run).toThrow(OutOfMemoryError);
    expect(run).toThrow(/plan: needs \d{11} bytes/);
    expect(engine.usedBytes).toBe(used);
  });
});

describe('advice where memory does not suffice names what is big', () => {
  const gigabytes = (shape: number[]) => () => compile((x) => relu(x), [f32(...shape)]);

  it.each([
    ['a batch', [64, 4096, 4096, 2], /activations .*: try a smaller batch, or smaller pictures$/],
    ['one picture', [1, 30_000, 30_000, 2], /30000, 2\]: try smaller pictures$/],
  ])('%s', (_, shape, message) => {
    expect(gigabytes(shape)).toThrow(OutOfMemoryError);
    expect(gigabytes(shape)).toThrow(message);
  });

  it('what is held already', async () => {
    const own = await engineOn('simd');
    useEngine(own);
    const held = own.allocate(3_000_000_000);
    expect(gigabytes([1, 10_000, 20_000, 1])).toThrow(
      /there already with 30\d{8} bytes.*: dispose\(\) the models, predictors and trainers/,
    );
    own.free(held);
    own.close();
  });
});

describe('guards', () => {
  it('name the op that made the first bad value, and end the run before what follows', async () => {
    const [w, seen, v, lr] = [tensor([1, 1], [2]), parameter([2]), state([2]), tensor([1], [])];
    const plan = compile(
      (x) => {
        const y = named('block.mul', () => multiply(x, w));
        const z = named('block.square', () => multiply(y, y));
        apply(guardFinite, { x: z }, {});
        const attrs = { momentum: 0, nesterov: false, weightDecay: 0 };
        apply(sgdUpdate, { param: seen, grad: z, buffer: v, lr }, attrs);
        return z;
      },
      [f32(2)],
    );
    await plan.run(Float32Array.of(1, 2));
    expect([...seen.data()]).toEqual([-1, -4]);
    const run = () => plan.run(Float32Array.of(1, 1e30));
    await expect(run()).rejects.toThrow(NonFiniteError);
    await expect(run()).rejects.toThrow(
      'block.square: multiply [2]: made Infinity at element 1 of [2]',
    );
    await expect(plan.run(Float32Array.of(NaN, 1))).rejects.toThrow('input: NaN at element 0');
    w.write([1, NaN]);
    await expect(run()).rejects.toThrow('block.mul: multiply [2]: its parameter has NaN');
    expect([...seen.data()]).toEqual([-1, -4]);
    w.write([1, 1]);
    await plan.run(Float32Array.of(1, 0));
    expect([...seen.data()]).toEqual([-2, -4]);
    plan.dispose();
  });
});
