import { deferredParameter, parameter } from '../core/create.ts';
import { fill } from '../ops/fill.ts';
import type { Op, Step, View } from '../ops/op.ts';
import type { One } from '../ops/places.ts';
import { randomNormal } from '../ops/random/randomNormal.ts';
import { randomUniform } from '../ops/random/randomUniform.ts';
import { channelsOf, sizeOf, type Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Source } from '../core/deferred.ts';
import { nextStream } from './seed.ts';

let draws = true;

/**
 * What `make` builds has zeros for random weights: they are about to be loaded, or it does not matter what they are.
 *
 * @example
 * import { loadWeights, resnet8, saveWeights, withoutInitialWeights } from 'residua';
 *
 * const { tensors } = saveWeights(resnet8({ seed: 1 }));
 * const model = withoutInitialWeights(() => resnet8());
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

/**
 * Weights from N(0, 2/fan) (He et al. 2015, arXiv:1502.01852); for a convolution `fan` is torchvision's
 * fan-out, KH·KW·O.
 */
export function heNormal(shape: Shape, fan: number): Tensor {
  const std = Math.sqrt(2 / fan);
  const stream = nextStream();
  return draws ? weight(randomNormal, { shape, ...stream, mean: 0, std }) : zeros(shape);
}

/** Weights from U(-bound, bound). */
export function uniform(shape: Shape, bound: number): Tensor {
  const stream = nextStream();
  return draws
    ? weight(randomUniform, { shape, ...stream, low: -bound, high: bound })
    : zeros(shape);
}

const zeros = (shape: Shape): Tensor => weight(fill, { shape, value: 0 });

/** An op without inputs. */
type MakerOp<A> = Op<object, { y: One }, A>;

/** What an op without inputs makes, as a weight; not before it is needed, as often another is loaded in its place. */
function weight<A extends { readonly shape: Shape }>(op: MakerOp<A>, attrs: A): Tensor {
  return deferredParameter(attrs.shape, drawn(op, attrs));
}

/** What an op without inputs and workspaces makes, with the same bits each time. */
function drawn<A extends { readonly shape: Shape }>(op: MakerOp<A>, attrs: A): Source {
  const { y: spec } = op.infer({}, attrs);
  return {
    write: (engine, pointer) => {
      const steps: Step[] = [];
      const workspace = (): never => {
        throw new Error(`${op.name}: has no workspace here`);
      };
      const y: View = { ...spec, pointer, stride: channelsOf(spec.shape) };
      const step = (made: Step): void => void steps.push(made);
      op.lower({ winograd: false, step, workspace }, {}, { y }, attrs);
      engine.runSteps(steps);
    },
  };
}

/** A weight whose elements are all `value`. */
export function constant(shape: Shape, value: number): Tensor {
  const made = parameter(shape);
  made.write(new Float32Array(sizeOf(shape)).fill(value));
  return made;
}
