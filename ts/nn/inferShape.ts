import { interpretWith } from '../apply.ts';
import type { Shape } from '../shape.ts';
import { noGrad } from '../tape.ts';
import { Tensor } from '../tensor.ts';

/** Shape that a function of one tensor gives for a shape, found without computing anything. Throws what its ops throw. */
export function inferShape(fn: (x: Tensor) => Tensor, shape: Shape): Shape {
  const symbol = (of: Shape, dtype: 'f32' | 'i32' = 'f32'): Tensor => {
    const value = { id: -1, kind: 'temporary', shape: of, dtype } as const;
    return new Tensor(value, value);
  };
  return noGrad(() =>
    interpretWith(
      (_op, _inputs, _attrs, specs) => specs.map((spec) => symbol(spec.shape, spec.dtype)),
      () => fn(symbol(shape)).shape,
    ),
  );
}
