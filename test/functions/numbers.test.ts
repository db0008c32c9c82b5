import { afterAll, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { parameter, tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { add } from '../../ts/functions/add.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { sumSquares } from '../../ts/functions/sumSquares.ts';
import { leaks } from '../../ts/core/leaks.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';

await init({ threads: 1, numerics: 'strict' });
afterAll(() => currentEngine().close());

it('an operand may be a number, on either side', async () => {
  const x = tensor([-1, 0, 2], [3]);
  const values = (y: Tensor): number[] => [...y.data()];
  expect(values(multiply(x, 2))).toEqual([-2, 0, 4]);
  expect(values(multiply(-0.5, x))).toEqual([0.5, -0, -1]);
  expect(values(add(x, 1))).toEqual([0, 1, 3]);
  expect(values(add(1, x, { relu: true }))).toEqual([0, 1, 3]);
  expect(values(multiply(tensor([3], []), 2))).toEqual([6]);
  expect(await leaks(() => multiply(add(x, 1), 2).dispose())).toHaveLength(1);
});

it('gradients flow through, eager and compiled', async () => {
  const w = parameter([2]);
  w.write([3, -1]);
  const loss = (): Tensor => sumSquares(add(multiply(w, 2), 1));
  expect([...gradients(loss(), [w])[0]!.data()]).toEqual([28, -4]);
  const plan = compile(() => gradients(loss(), [w]), []);
  expect([...(await plan.run())[0]!]).toEqual([28, -4]);
});

it('what is no operand is named', () => {
  const x = tensor([1], [1]);
  const wrong = (value: unknown): Tensor => value as Tensor;
  expect(() => multiply(x, wrong('2'))).toThrow('multiply: an operand is "2" but must be a tensor');
  expect(() => add(wrong(null), x)).toThrow('add: an operand is null but must be a tensor');
  expect(() => add(1, 2)).toThrow('add: 1 and 2 are no tensors');
});
