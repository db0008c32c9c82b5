import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { named } from '../../ts/core/apply.ts';
import { parameter, state, tensor, zeros } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { ShapeError } from '../../ts/base/errors.ts';
import { add } from '../../ts/functions/add.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { dot } from '../../ts/functions/dot.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { relu } from '../../ts/functions/relu.ts';
import { sumSquares } from '../../ts/functions/sumSquares.ts';
import { scope } from '../../ts/core/scope.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { collectGarbage } from '../helpers/collectGarbage.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
afterAll(() => engine.close());
beforeEach(() => useEngine(engine));

/** Bytes that `fn` leaves allocated. */
async function leftBy(fn: () => unknown): Promise<number> {
  const before = engine.usedBytes;
  await fn();
  return engine.usedBytes - before;
}

const KILOBYTE = 256;

describe('tensor', () => {
  it('holds what it was given', () => {
    const x = tensor([1, 2.5, -3, 4], [2, 2]);
    expect([x.shape, x.dtype, x.requiresGrad]).toEqual([[2, 2], 'f32', false]);
    expect(x.data()).toEqual(Float32Array.of(1, 2.5, -3, 4));
    expect(tensor([1, -2], [2], 'i32').data()).toEqual(Int32Array.of(1, -2));
    expect(zeros([2, 3]).data()).toEqual(new Float32Array(6));
    expect(tensor([7], []).item()).toBe(7);
    expect(parameter([2]).requiresGrad).toBe(true);
    expect(state([2]).requiresGrad).toBe(false);
    expect(String(x)).toBe('Tensor[2, 2] f32\n[[1, 2.5],\n [-3, 4]]');
  });

  it('takes rows of rows, plain or typed', () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ).toMatchObject({ shape: [3, 2], dtype: 'f32' });
    expect([
      ...tensor([
        [[1], [2]],
        [[3], [4]],
      ]).data(),
    ]).toEqual([1, 2, 3, 4]);
    expect(
      tensor([
        [[1], [2]],
        [[3], [4]],
      ]).shape,
    ).toEqual([2, 2, 1]);
    expect(tensor([Uint8Array.of(7, 255), [1, 2]]).data()).toEqual(Float32Array.of(7, 255, 1, 2));
    expect(tensor(Uint8Array.of(1, 2)).shape).toEqual([2]);
    expect(tensor(5)).toMatchObject({ shape: [] });
    expect(tensor([])).toMatchObject({ shape: [0] });
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([3, 1], 'i32').data()).toEqual(Int32Array.of(3, 1));
    expect(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        [4],
      ).shape,
    ).toEqual([4]);
  });

  it.each<[string, unknown, string]>([
    [
      'a longer row',
      [
        [1, 2],
        [3, 4, 5],
      ],
      'tensor: [1] is 3 values but the first there is 2 values',
    ],
    ['a number for a row', [[1, 2], 3], 'tensor: [1] is 3 but the first there is 2 values'],
    [
      'a row for a number',
      [[1, [2]]],
      'tensor: [0][1] is 1 values but the first there is a number',
    ],
    ['a word', [[1, 'x']], 'tensor: value 1 is "x" but f32 holds numbers'],
    ['nothing', [1, undefined], 'tensor: value 1 is undefined but f32 holds numbers'],
    ['a string', '12', 'tensor: value 0 is "1" but f32 holds numbers'],
    ['large integers', BigInt64Array.of(1n), 'tensor: value 0 is 1 but f32 holds numbers'],
  ])('throws RangeError for %s', (_, values, message) => {
    const before = engine.usedBytes;
    expect(() => tensor(values as number[])).toThrow(RangeError);
    expect(() => tensor(values as number[])).toThrow(message);
    expect(engine.usedBytes).toBe(before);
  });

  it('shows shape, type and values, abbreviated', () => {
    const count = (shape: number[]): Tensor =>
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 3),
        shape,
      );
    expect(inspect(tensor([1, 2], 'i32'))).toBe('Tensor[2] i32 [1, 2]');
    expect(`${tensor(0.1)}`).toBe('Tensor[] f32 0.1');
    expect(`${count([100])}`).toBe('Tensor[100] f32 [0, 0.33333, 0.66667, …, 32.333, 32.667, 33]');
    expect(`${count([2, 3])}`).toBe(
      'Tensor[2, 3] f32\n[[0, 0.33333, 0.66667],\n [1, 1.3333, 1.6667]]',
    );
    const large = `${count([8, 64, 64, 16])}`;
    expect(large.split('\n').length).toBe(16);
    expect(large).toContain('174760]');
    expect(`${tensor([NaN, Infinity, -0, 1e-7, 123456789])}`).toBe(
      'Tensor[5] f32 [NaN, Infinity, 0, 1e-7, 123460000]',
    );
    expect(`${zeros([0, 4])}`).toBe('Tensor[0, 4] f32\n[]');
    const x = tensor([1]);
    x.dispose();
    expect(`${x}`).toBe('Tensor[1] f32, disposed');
  });

  it('gives copies', () => {
    const x = tensor([1, 2], [2]);
    x.data()[0] = 9;
    expect(x.data()[0]).toBe(1);
  });

  it('counts its writes', () => {
    const x = tensor([1, 2], [2]);
    const { version } = x;
    x.write([3, 4]);
    expect(x.version).toBe(version + 1);
    expect(x.data()).toEqual(Float32Array.of(3, 4));
  });

  it.each<[string, () => unknown, string]>([
    ['too few values', () => tensor([1, 2, 3], [2, 2]), '3 values for shape [2, 2] of 4'],
    ['half an axis', () => zeros([1.5]), 'shape [1.5] has an axis that is not a whole number'],
    ['a negative axis', () => parameter([-1]), 'shape [-1] has an axis that is not a whole number'],
    ['another count', () => zeros([3]).write([1]), '1 values for tensor [3] of 3'],
    ['item of many', () => zeros([3]).item(), 'tensor [3] has 3 elements, not 1'],
  ])('throws RangeError for %s', (_, fn, message) => {
    expect(fn).toThrow(RangeError);
    expect(fn).toThrow(message);
  });

  it('throws when it is used after dispose', () => {
    const x = tensor([1, 2], [2]);
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    const message = 'tensor: [2] was used after dispose()';
    for (const use of [() => x.data(), () => x.write([1, 2]), () => relu(x), () => add(x, x)]) {
      expect(use).toThrow(message);
    }
  });

  it('must not meet tensors of another engine', async () => {
    const x = tensor([1, 2], [2]);
    const other = await engineOn('simd');
    useEngine(other);
    expect(() => add(x, tensor([1, 2], [2]))).toThrow('add: its inputs live on two engines');
    expect(relu(x).stored.engine).toBe(engine);
    other.close();
  });
});

describe('memory', () => {
  it('comes back by dispose and by using', async () => {
    expect(await leftBy(() => zeros([KILOBYTE]).dispose())).toBe(0);
    const left = await leftBy(() => {
      const x = zeros([KILOBYTE]);
      x[Symbol.dispose]();
    });
    expect(left).toBe(0);
  });

  it('comes back from tensors that were dropped', async () => {
    await collectGarbage();
    const before = engine.usedBytes;
    (() => {
      for (let i = 0; i < 50; i++) relu(zeros([KILOBYTE]));
    })();
    expect(engine.usedBytes - before).toBe(100 * 4 * KILOBYTE);
    for (let i = 0; i < 20 && engine.usedBytes > before; i++) await collectGarbage();
    expect(engine.usedBytes).toBeLessThanOrEqual(before + 4 * KILOBYTE);
  });
});

describe('scope', () => {
  it('frees what was made inside, but for its result', async () => {
    let kept: Tensor | undefined;
    const left = await leftBy(() => {
      kept = scope(() => relu(add(zeros([KILOBYTE]), zeros([KILOBYTE]))));
    });
    expect(left).toBe(4 * KILOBYTE);
    expect(kept!.data().length).toBe(KILOBYTE);
    kept!.dispose();
  });

  it('keeps tensors in arrays, maps, sets and plain objects', () => {
    const make = (): Tensor => tensor([1], []);
    const { list, map, set, rest, gone } = scope(() => {
      const dropped = make();
      return {
        list: [make(), [make()]],
        map: new Map([['x', make()]]),
        set: new Set([make()]),
        rest: { deep: make(), number: 1, none: null },
        gone: () => dropped,
      };
    });
    const kept = [list[0], (list[1] as Tensor[])[0], map.get('x'), ...set, rest.deep];
    for (const value of kept as Tensor[]) expect(value.item()).toBe(1);
    expect(gone().disposed).toBe(true);
  });

  it('leaves alone what was made outside, parameters and state', () => {
    const outside = tensor([1], []);
    const [weight, mean] = scope(() => {
      add(outside, outside);
      const made = [parameter([2]), state([2])];
      return () => made;
    })() as [Tensor, Tensor];
    expect([outside, weight, mean].map(({ disposed }) => disposed)).toEqual([false, false, false]);
  });

  it('nests: the result of the inner one belongs to the outer', async () => {
    const left = await leftBy(() =>
      scope(() => {
        const inner = scope(() => relu(zeros([KILOBYTE])));
        expect(inner.disposed).toBe(false);
        return 0;
      }),
    );
    expect(left).toBe(0);
  });

  it('frees everything when it throws', async () => {
    const left = await leftBy(() => {
      const fail = (): void => {
        zeros([KILOBYTE]);
        throw new Error('inside');
      };
      expect(() => scope(fail)).toThrow('inside');
    });
    expect(left).toBe(0);
  });

  it('lasts over awaits', async () => {
    const left = await leftBy(async () => {
      const result = await scope(async () => {
        const x = zeros([KILOBYTE]);
        await new Promise((resolve) => setTimeout(resolve, 1));
        const y = relu(x);
        await Promise.resolve();
        return y.data().length + x.data().length;
      });
      expect(result).toBe(2 * KILOBYTE);
      const failing = scope(async () => {
        zeros([KILOBYTE]);
        await Promise.resolve();
        throw new Error('late');
      });
      await expect(failing).rejects.toThrow('late');
    });
    expect(left).toBe(0);
  });

  it('does not dispose a tensor twice', () => {
    expect(() => scope(() => zeros([2]).dispose())).not.toThrow();
  });
});

describe('gradients', () => {
  const numbers = (...values: number[]): Tensor => {
    const made = parameter([values.length]);
    made.write(values);
    return made;
  };

  it('add up over all ways from a tensor to the loss', () => {
    const x = numbers(1, -2, 3);
    const y = multiply(add(x, x), relu(x));
    const [dx] = gradients(dot(y, tensor([1, 1, 1], [3])), [x]);
    expect([...dx!.data()]).toEqual([4, 0, 12]);
  });

  it('are zeros for what the loss does not depend on', () => {
    const [x, other] = [numbers(1, 2), numbers(3)];
    const [dx, none] = gradients(sumSquares(x), [x, other]);
    expect([...dx!.data()]).toEqual([2, 4]);
    expect([none!.shape, ...none!.data()]).toEqual([[1], 0]);
  });

  it('reach values on the way', () => {
    const x = numbers(1, 2);
    const y = multiply(x, x);
    const [dy] = gradients(sumSquares(y), [y]);
    expect([...dy!.data()]).toEqual([2, 8]);
  });

  it('do not flow into tensors that do not ask for them', () => {
    const [x, constant] = [numbers(1, 2), tensor([3, 4], [2])];
    const y = multiply(x, constant);
    expect([y.requiresGrad, relu(constant).requiresGrad]).toEqual([true, false]);
    expect(gradients(dot(y, constant), [x])[0]!.data()).toEqual(Float32Array.of(9, 16));
  });

  it('leave nothing but themselves', async () => {
    const x = numbers(...new Array<number>(KILOBYTE).fill(1));
    const left = await leftBy(() => {
      const [dx] = scope(() => gradients(sumSquares(relu(multiply(x, x))), [x]));
      dx!.dispose();
    });
    expect(left).toBe(0);
  });

  it('throw for a loss of many elements, or one that leads nowhere', () => {
    const x = numbers(1, 2);
    expect(() => gradients(relu(x), [x])).toThrow('the loss is [2] but must have one element');
    expect(() => gradients(tensor([1], []), [x])).toThrow('does not depend on a tensor');
    expect(() =>
      gradients(
        noGrad(() => sumSquares(x)),
        [x],
      ),
    ).toThrow('does not depend');
  });

  it('are recorded again after noGrad, even if it throws', () => {
    const x = numbers(1);
    expect(() => noGrad(() => x.write([1, 2]))).toThrow();
    expect(relu(x).requiresGrad).toBe(true);
  });
});

describe('errors', () => {
  it('name the place in the model once', () => {
    const run = () =>
      named('layer2.0.conv1', () => conv2d(zeros([8, 32, 32, 3]), zeros([3, 3, 16, 16])));
    expect(run).toThrow(ShapeError);
    let message = '';
    try {
      run();
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toBe(
      'layer2.0.conv1: conv2d: input [8, 32, 32, 3] has 3 channels but weight expects 16',
    );
  });

  it('are free of places that are over', () => {
    expect(() => named('a', () => add(zeros([2]), zeros([3])))).toThrow('a: add: ');
    expect(() => add(zeros([2]), zeros([3]))).toThrow(/^add: shapes \[2\] and \[3\]/);
  });
});
