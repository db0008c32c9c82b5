import type { Engine } from '../../ts/kernels/engine.ts';
import type { Buffer, Pointer, Step } from '../../ts/kernels/step.ts';
import type { AnyOp, Lowering, Op, View } from '../../ts/ops/op.ts';
import { items, mapTree, pick, type Of, type Tree } from '../../ts/ops/places.ts';
import { channelsOf, pixelsOf, type DType, type Shape } from '../../ts/base/shape.ts';
import type { Random } from '../helpers/random.ts';

type Values = Float32Array | Int32Array;

/** A tensor of a random problem: its rows may lie apart. */
export interface Strided {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly stride: number;
  /** All elements from the first row to the last, those between rows too. */
  readonly values: Values;
}

/** An op with random tensors. */
export interface Problem {
  readonly op: AnyOp;
  readonly inputs: Tree<Strided>;
  readonly attrs: unknown;
  /** Weights, statistics and their gradients never have gaps between their rows. */
  readonly denseOutputs?: boolean;
}

/** Inputs and attributes that suit the op. */
export function problem<I, O, A>(
  op: Op<I, O, A>,
  inputs: Of<I, Strided>,
  attrs: A,
  denseOutputs = false,
): Problem {
  return { op, inputs, attrs, denseOutputs } as Problem;
}

/** Elements before and after each tensor that no kernel may touch. */
const GUARD = 32;
const GUARD_VALUE = 123456;

const sizeOf = (shape: Shape, stride: number): number => pixelsOf(shape) * stride;

/** A random f32 tensor, with a gap between its rows half of the time unless it must be dense. */
export function floats(
  random: Random,
  shape: Shape,
  { dense = false, scale = 1, shift = 0 } = {},
): Strided {
  const stride = channelsOf(shape) + (dense || random.coin() ? 0 : random.int(1, 5));
  const values = random.floats(sizeOf(shape, stride), scale, shift);
  return { shape, dtype: 'f32', stride, values };
}

/** A dense tensor of whole numbers below a limit. */
export function ints(random: Random, shape: Shape, limit: number): Strided {
  const stride = channelsOf(shape);
  return { shape, dtype: 'i32', stride, values: random.ints(sizeOf(shape, stride), limit) };
}

/** Chooses the step to run in the place of one that an op was lowered to. */
export type Replace = (step: Step) => Step;

/** What a run leaves: outputs with the gaps between their rows, then the inputs that the op writes. */
export function runLowered(
  engine: Engine,
  { op, inputs, attrs, denseOutputs = false }: Problem,
  random: Random,
  replace: Replace,
  winograd = false,
): Values[] {
  const buffers: { buffer: Required<Buffer>; size: number }[] = [];
  const allocate = (values: Values): Pointer => {
    const buffer = engine.allocate(4 * (values.length + 2 * GUARD));
    const guarded = new Float32Array(values.length + 2 * GUARD).fill(GUARD_VALUE);
    engine.write({ buffer, byteOffset: 0 }, guarded);
    engine.write({ buffer, byteOffset: 4 * GUARD }, values);
    buffers.push({ buffer, size: values.length });
    return { buffer, byteOffset: 4 * GUARD };
  };
  const view = ({ shape, dtype, stride, values }: Strided): View => ({
    shape,
    dtype,
    stride,
    pointer: allocate(values),
  });
  const read = ({ pointer, shape, stride, dtype }: View): Values =>
    dtype === 'f32'
      ? engine.read(pointer, sizeOf(shape, stride), 'f32')
      : engine.read(pointer, sizeOf(shape, stride), 'i32');

  const steps: Step[] = [];
  const to: Lowering = {
    winograd,
    step: (step) => steps.push(step),
    workspace: (bytes) => allocate(new Float32Array(Math.ceil(bytes / 4)).fill(NaN)),
  };
  const inputViews = mapTree(inputs, view);
  const outputViews = mapTree(op.infer(inputs, attrs), (spec) => {
    // The reference and the fast kernel must find the same numbers between the rows.
    const stride = channelsOf(spec.shape) + (denseOutputs ? 0 : random.int(0, 3));
    const count = sizeOf(spec.shape, stride);
    const values = spec.dtype === 'f32' ? random.floats(count) : random.ints(count, 9);
    return view({ ...spec, stride, values });
  });
  op.lower(to, inputViews, outputViews, attrs);
  try {
    engine.runSteps(steps.map(replace));
    for (const { buffer, size } of buffers) {
      const all = engine.read({ buffer, byteOffset: 0 }, size + 2 * GUARD, 'f32');
      const ends = [...all.subarray(0, GUARD), ...all.subarray(GUARD + size)];
      if (ends.some((value) => value !== GUARD_VALUE)) {
        throw new Error(`${op.name}: a kernel wrote outside a tensor of ${size} elements`);
      }
    }
    return [...items(outputViews), ...pick(inputViews, op.mutates)].map(read);
  } finally {
    for (const { buffer } of buffers) engine.free(buffer);
  }
}
