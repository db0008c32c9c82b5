import { apply } from '../apply.ts';
import { parameter } from '../create.ts';
import { fill } from '../ops/fill.ts';
import { randomNormal } from '../ops/randomNormal.ts';
import { randomUniform } from '../ops/randomUniform.ts';
import { leaveScope } from '../scope.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { nextStream } from './seed.ts';

let draws = true;

/**
 * What `make` builds has zeros for random weights: they are about to be loaded, and drawing those of a large network takes longer
 * than one pass through it.
 *
 * @example
 * const model = withoutInitialWeights(() => resnet50());
 * loadWeights(model, tensors);
 */
export function withoutInitialWeights<T>(make: () => T): T {
  const before = draws;
  draws = false;
  try {
    return make();
  } finally {
    draws = before;
  }
}

/** What an op without inputs made, as a weight: not copied, as large nets have hundreds of megabytes. */
function asParameter([made]: Tensor[]): Tensor {
  leaveScope(made!);
  made!.requiresGrad = true;
  return made!;
}

/**
 * Weights from N(0, 2/fan) (He et al. 2015, arXiv:1502.01852); for a convolution `fan` is torchvision's
 * fan-out, KH·KW·O.
 */
export function heNormal(shape: Shape, fan: number): Tensor {
  const std = Math.sqrt(2 / fan);
  const stream = nextStream();
  if (!draws) return zeros(shape);
  return asParameter(apply(randomNormal, [], { shape, ...stream, mean: 0, std }));
}

/** Weights from U(-bound, bound). */
export function uniform(shape: Shape, bound: number): Tensor {
  const stream = nextStream();
  if (!draws) return zeros(shape);
  return asParameter(apply(randomUniform, [], { shape, ...stream, low: -bound, high: bound }));
}

function zeros(shape: Shape): Tensor {
  return asParameter(apply(fill, [], { shape, value: 0 }));
}

/** A weight whose elements are all `value`. */
export function constant(shape: Shape, value: number): Tensor {
  const made = parameter(shape);
  made.write(new Float32Array(made.data().length).fill(value));
  return made;
}
