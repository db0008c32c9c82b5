import { sizeOf, type Shape } from '../base/shape.ts';
import type { Step } from '../kernels/step.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import { ofExtra } from './ofExtra.ts';
import type { One } from './places.ts';

/** Elements that take as long as one exponential. */
const EXPONENTIAL = 8;

/** Settings of {@link softmaxAxis}. */
export interface SoftmaxAxisAttrs {
  /** From 0 on. */
  readonly axis: number;
  /** Whether the logarithm is wanted. */
  readonly log: boolean;
}

/** `y = exp(x) / Σ exp(x)` along an axis, or its logarithm `x - log Σ exp(x)`: x and y of one shape. */
export const softmaxAxis = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, SoftmaxAxisAttrs>({
  name: 'softmaxAxis',
  denseInputs: ['x'],
  denseOutputs: ['y'],
  inPlace: [['x', 'y']],
  infer({ x }, { log }) {
    expectType(log ? 'logSoftmax' : 'softmax', 'input', x, 'f32');
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }, attrs) {
    to.step({
      kernel: 'softmaxAxis.forward.f32/scalar',
      chunks: elementwiseChunks(EXPONENTIAL * sizeOf(x.shape)),
      args: { x: x.pointer, y: y.pointer, ...alongAxis(x.shape, attrs) },
    });
  },
  gradient: (apply, { outputs: { y }, dys: { y: dy }, attrs }) =>
    dy ? { x: apply(softmaxAxisBackward, { dy, y }, attrs).dx } : {},
});

/** `dx = y·(dy - Σ dy·y)` along an axis, or that of the logarithm, `dx = dy - exp(y)·Σ dy`: all of one shape. */
export const softmaxAxisBackward = /* @__PURE__ */ ofExtra<
  { dy: One; y: One },
  { dx: One },
  SoftmaxAxisAttrs
>({
  name: 'softmaxAxisBackward',
  denseInputs: ['dy', 'y'],
  denseOutputs: ['dx'],
  inPlace: [
    ['dy', 'dx'],
    ['y', 'dx'],
  ],
  infer({ dy, y }) {
    expectType('softmaxAxisBackward', 'y', y, 'f32');
    expectShape('softmaxAxisBackward', 'dy', dy, y.shape, 'y has');
    return { dx: { shape: y.shape, dtype: 'f32' } };
  },
  lower(to, { dy, y }, { dx }, attrs) {
    to.step({
      kernel: 'softmaxAxis.backward.f32/scalar',
      chunks: elementwiseChunks((attrs.log ? EXPONENTIAL : 1) * sizeOf(y.shape)),
      args: { dy: dy.pointer, y: y.pointer, dx: dx.pointer, ...alongAxis(y.shape, attrs) },
    });
  },
});

const alongAxis = (shape: Shape, { axis, log }: SoftmaxAxisAttrs): Step['args'] => ({
  outer: sizeOf(shape.slice(0, axis)),
  classes: shape[axis]!,
  inner: sizeOf(shape.slice(axis + 1)),
  log: Number(log),
});
