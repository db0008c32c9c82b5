import { apply } from '../apply.ts';
import { parameter } from '../create.ts';
import { randomNormal } from '../ops/randomNormal.ts';
import { randomUniform } from '../ops/randomUniform.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { nextStream } from './seed.ts';

function filled(shape: Shape, make: () => Tensor): Tensor {
  const made = parameter(shape);
  const values = make();
  made.write(values.data());
  values.dispose();
  return made;
}

/**
 * Weights from N(0, 2/fan) (He et al. 2015, arXiv:1502.01852); for a convolution `fan` is torchvision's
 * fan-out, KH·KW·O.
 */
export function heNormal(shape: Shape, fan: number): Tensor {
  const std = Math.sqrt(2 / fan);
  return filled(shape, () => apply(randomNormal, [], { shape, ...nextStream(), mean: 0, std })[0]!);
}

/** Weights from U(-bound, bound). */
export function uniform(shape: Shape, bound: number): Tensor {
  return filled(
    shape,
    () => apply(randomUniform, [], { shape, ...nextStream(), low: -bound, high: bound })[0]!,
  );
}

/** A weight whose elements are all `value`. */
export function constant(shape: Shape, value: number): Tensor {
  const made = parameter(shape);
  made.write(new Float32Array(made.data().length).fill(value));
  return made;
}
