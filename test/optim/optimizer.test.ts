import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { parameter, tensor } from '../../ts/core/create.ts';
import { SGD } from '../../ts/optim/sgd.ts';

beforeAll(async () => {
  await init({ threads: 1, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

it.each([1, 3])('refuses %i gradients for two weights, and changes neither', (count) => {
  const weights = [parameter([2]), parameter([2])];
  weights.forEach((weight) => weight.write([1, -1]));
  const optimizer = new SGD(weights, { lr: 0.1, momentum: 0.9 });
  const gradients = Array.from({ length: count }, () => tensor([5, 6], [2]));
  const step = (): void => optimizer.step(gradients);
  expect(step).toThrow(RangeError);
  expect(step).toThrow(`optimizer: ${count} gradients for 2 parameters`);
  for (const weight of weights) expect([...weight.data()]).toEqual([1, -1]);
});
