import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { parameter, tensor } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import * as F from '../../ts/functions/index.ts';
import { rdn } from '../../ts/models/rdn.ts';
import { Clip, ELU, LeakyReLU, PReLU } from '../../ts/nn/activations.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
afterAll(() => engine.close());
beforeEach(() => useEngine(engine));

/** Gradients of the sum of a function by its inputs. */
function slopes(fn: (...inputs: Tensor[]) => Tensor, ...values: number[][]): number[][] {
  const inputs = values.map((own) => {
    const made = tensor(own);
    made.requiresGrad = true;
    return made;
  });
  return gradients(F.sum(fn(...inputs)), inputs).map((gradient) => [...gradient.data()]);
}

// References are PyTorch 2.15's, on one element and on rows of a vector.
describe('slopes at kinks', () => {
  it.each<[string, (x: Tensor) => Tensor, Record<number, number>]>([
    ['hardSwish', F.hardSwish, { '-4': 0, '-3': 0, 0: 0.5, 3: 1, 4: 1 }],
    ['hardSigmoid', F.hardSigmoid, { '-3': 0, 0: Math.fround(1 / 6), 3: 0 }],
    ['relu6', F.relu6, { '-1': 0, 0: 0, 1: 1, 6: 0, 7: 0 }],
    ['clip', (x) => F.clip(x, -1, 1), { '-2': 0, '-1': 1, 0: 1, 1: 1, 2: 0 }],
    ['leakyRelu', (x) => F.leakyRelu(x, 0.25), { '-1': 0.25, 0: 0.25, 1: 1 }],
    ['leakyRelu, steep', (x) => F.leakyRelu(x, 1e8), { '-1': 1e8, 0: 1e8, 1: 1 }],
    ['prelu', (x) => F.prelu(x, tensor([0.25])), { '-1': 0.25, 0: 0.25, 1: 1 }],
    ['elu', (x) => F.elu(x, 2), { 0: 2, 1: 1 }],
    ['abs', F.abs, { '-1': -1, 0: 0, 1: 1 }],
    ['pow(x, 0)', (x) => F.pow(x, 0), { '-1': 0, 0: 0, 2: 0 }],
    ['pow(x, 1)', (x) => F.pow(x, 1), { '-1': 1, 0: 1, 2: 1 }],
  ])('%s', (_, fn, expected) => {
    const xs = Object.keys(expected).map(Number);
    const rows = [...xs, ...xs, ...xs];
    // 0 has no sign here.
    const found = slopes(fn, rows)[0]!.map((slope) => slope + 0);
    expect(found).toEqual(rows.map((x) => expected[x]));
  });

  it('prelu by its slope', () => {
    expect(slopes((s) => F.prelu(tensor([0, -1, 2]), s), [0.25])).toEqual([[-1]]);
  });

  it('pow by its base, where the exponent is 0', () => {
    const [da] = slopes(F.pow, [0, 0, 0, -2, Infinity], [0, 1, 2, 0, 0]);
    expect(da!.map((slope) => slope + 0)).toEqual([0, 1, 0, 0, 0]);
  });
});

describe('where the slope is 0, an infinite gradient ends', () => {
  it.each<[string, (x: Tensor) => Tensor, number]>([
    ['relu', (x) => F.sqrt(F.relu(x)), -1],
    ['relu6', (x) => F.sqrt(F.relu6(x)), -1],
    ['clip', (x) => F.sqrt(F.clip(x, 0, 6)), -1],
    ['hardSigmoid', (x) => F.log(F.hardSigmoid(x)), -4],
    ['hardSwish', (x) => F.sqrt(F.hardSwish(x)), -4],
  ])('%s', async (_, fn, at) => {
    const x = parameter([1]);
    x.write([at]);
    const slope = (): Tensor => gradients(F.sum(fn(x)), [x])[0]!;
    expect(slope().item()).toBe(0);
    const plan = compile(() => slope(), []);
    expect(await plan.run()).toEqual([Float32Array.of(0)]);
  });
});

describe('constants', () => {
  const ends = [-5, 3, 7];

  it('both infinities are limits', () => {
    expect([...F.clip(tensor(ends), -Infinity, Infinity).data()]).toEqual(ends);
    expect(slopes((x) => F.clip(x, -Infinity, Infinity), ends)).toEqual([[1, 1, 1]]);
  });

  it('both infinities, and zeros of both signs, are told apart in one plan', async () => {
    const limited = (x: Tensor): Tensor => F.clip(F.clip(x, 0, Infinity), -Infinity, 5);
    const signed = (x: Tensor): Tensor => F.multiply(F.add(x, 0), -0);
    const plan = compile((x) => [limited(x), signed(x)], [{ shape: [3], dtype: 'f32' }]);
    const [a, b] = await plan.run(ends);
    expect([...a!]).toEqual([0, 3, 5]);
    expect([...b!]).toEqual([0, -0, -0]);
  });

  it('a slope must be finite: an infinite one makes NaN of what it does not belong to', () => {
    const x = tensor([1]);
    expect(() => F.leakyRelu(x, Infinity)).toThrow('leakyRelu: slope is Infinity but must be');
    expect(() => F.elu(x, -Infinity)).toThrow('elu: alpha is -Infinity but must be a finite');
  });
});

describe('what does not fit', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a slope that would enlarge x',
      () => F.prelu(tensor([[1], [2]]), tensor([1, 2, 3])),
      'prelu: input has shape [2, 1] but with the others it would be [2, 3]',
    ],
    [
      'slopes of more channels than x has',
      () => new PReLU(3).forward(tensor([[1], [2]])),
      'PReLU: prelu: input has shape [2, 1] but with the others it would be [2, 3]',
    ],
    ['a range', () => F.clip(tensor([1]), 1, -1), 'clip: least is 1 but most is -1'],
    ['a layer of that range', () => new Clip(1, -1), 'Clip: least is 1 but most is -1'],
    ['a slope', () => new LeakyReLU(Infinity), 'LeakyReLU: slope is Infinity but must be'],
    ['alpha', () => new ELU(NaN), 'ELU: alpha is NaN but must be a finite number'],
    ['a scale', () => rdn({ scale: 5 }), 'ResidualDenseNet: scale is 5 but must be 2, 3 or 4'],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(RangeError);
    expect(act).toThrow(message);
  });
});

it('parts without channels have a gradient without elements', () => {
  const [a, b] = [parameter([2, 0]), parameter([2, 3])];
  const joined = F.concat([F.sliceAxis(b, { start: 3 }), a, b]);
  const [da, db] = gradients(F.sum(joined), [a, b]);
  expect(da!.shape).toEqual([2, 0]);
  expect([...db!.data()]).toEqual([1, 1, 1, 1, 1, 1]);
});
