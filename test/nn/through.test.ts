import { afterAll, beforeAll, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { relu } from '../../ts/functions/relu.ts';
import { Linear, ReLU, Sequential, through, type Step } from '../../ts/nn/index.ts';

beforeAll(async () => {
  await init({ threads: 1, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

it('goes through modules and functions from left to right', () => {
  const [first, second] = [new Linear(3, 4), new Linear(4, 2)];
  const x = tensor([-1, 0.5, 2], [1, 3]);
  const expected = second.forward(relu(first.forward(x))).data();
  expect(through(x, first, relu, second).data()).toEqual(expected);
  expect(through(x, first, new ReLU(), second).data()).toEqual(expected);
  expect(new Sequential(first, new ReLU(), second).forward(x).data()).toEqual(expected);
});

it('is x without steps', () => {
  const x = tensor([1], [1]);
  expect(through(x)).toBe(x);
});

it.each([undefined, null, 'relu', {}])('%s is no step', (odd) => {
  const step = odd as Step;
  expect(() => through(tensor([1], [1]), relu, step)).toThrow(
    new TypeError(
      `through: step 2 is ${odd === 'relu' ? '"relu"' : String(odd)} but must be a module or a function`,
    ),
  );
});
