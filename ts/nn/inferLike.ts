import { interpretWith } from '../core/apply.ts';
import type { Shape, Spec } from '../base/shape.ts';
import { noGrad } from '../core/tape.ts';
import { Tensor } from '../core/tensor.ts';
import { mapTree } from '../ops/places.ts';

/**
 * Shape that a function of tensors gives for these, found without computing anything. Throws what its ops throw.
 *
 * @param see told what each op would make
 */
export function inferLike(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Spec[],
  see: (spec: Spec, path: string) => void = () => undefined,
): Shape {
  const symbol = ({ shape, dtype }: Spec): Tensor => {
    const value = { id: -1, kind: 'temporary', shape, dtype } as const;
    return new Tensor(value, value);
  };
  return noGrad(() =>
    interpretWith(
      (_op, _inputs, _attrs, specs, path) =>
        mapTree(specs, (spec) => {
          see(spec, path);
          return symbol(spec);
        }),
      () => fn(...inputs.map(symbol)).shape,
    ),
  );
}
