import { interpretWith } from '../core/apply.ts';
import type { Shape, Spec } from '../base/shape.ts';
import { noGrad } from '../core/tape.ts';
import { Tensor } from '../core/tensor.ts';
import { mapTree } from '../ops/places.ts';

/** Shape that a function of tensors gives for these, found without computing anything. Throws what its ops throw. */
export function inferLike(fn: (...inputs: Tensor[]) => Tensor, inputs: readonly Spec[]): Shape {
  const symbol = ({ shape, dtype }: Spec): Tensor => {
    const value = { id: -1, kind: 'temporary', shape, dtype } as const;
    return new Tensor(value, value);
  };
  return noGrad(() =>
    interpretWith(
      (_op, _inputs, _attrs, specs) => mapTree(specs, symbol),
      () => fn(...inputs.map(symbol)).shape,
    ),
  );
}
