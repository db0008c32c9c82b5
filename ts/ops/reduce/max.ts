import { ShapeError } from '../../base/errors.ts';
import { formatShape, sizeOf } from '../../base/shape.ts';
import { elementwiseChunks } from '../chunks.ts';
import { expectShape, expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { runsOf, sizesOf, type ReduceAttrs, type Run } from './axes.ts';
import { lowerExpand, lowerFold, lowerTies, middleArgs, type Middle } from './lowerReduce.ts';

/** The largest of x over some axes, NaN where there is one: x of any shape, y as the settings say. Ties share the gradient evenly. */
export const max = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, ReduceAttrs>({
  name: 'max',
  denseInputs: ['x'],
  denseOutputs: ['y'],
  infer({ x }, { axes, shape }) {
    expectType('max', 'input', x, 'f32');
    const empty = axes.find((axis) => x.shape[axis] === 0);
    if (empty !== undefined) {
      const facts = `input ${formatShape(x.shape)} has no elements along axis ${empty}`;
      throw new ShapeError(`max: ${facts}, and nothing has no largest`);
    }
    return { y: { shape, dtype: 'f32' } };
  },
  lower: (to, { x }, { y }, { axes }) =>
    lowerFold(to, 'max', x.pointer, y.pointer, runsOf(x.shape, axes), 1),
  gradient: (apply, { inputs: { x }, outputs: { y }, dys: { y: dy }, attrs }) =>
    dy ? { x: apply(maxBackward, { dy, x, y }, attrs).dx } : {},
});

/**
 * `dx = dy / ties` where x is the largest, else 0: x and dx of one shape, dy and y of the shape in the settings. All of a set whose
 * largest is NaN get NaN, as in PyTorch.
 */
export const maxBackward = /* @__PURE__ */ ofExtra<
  { dy: One; x: One; y: One },
  { dx: One },
  ReduceAttrs
>({
  name: 'maxBackward',
  denseInputs: ['dy', 'x', 'y'],
  denseOutputs: ['dx'],
  infer({ dy, x, y }, { shape }) {
    expectType('maxBackward', 'x', x, 'f32');
    expectShape('maxBackward', 'y', y, shape, 'must be');
    expectShape('maxBackward', 'dy', dy, shape, 'y has');
    return { dx: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { dy, x, y }, { dx }, { axes }) {
    const runs = runsOf(x.shape, axes);
    const at = runs.findIndex(({ reduced }) => reduced);
    const [before, after] = at < 0 ? [[], runs] : [runs.slice(0, at), runs.slice(at + 1)];
    const outer: Run = { size: sizesOf(before), reduced: false };
    const middle: Middle = [outer.size, runs[at]?.size ?? 1, sizesOf(after)];
    const bytes = 4 * middle[0] * middle[2];
    // The kernels know one reduced axis, the first. Along the others, what belongs to a set is repeated.
    const others = [outer, ...after];
    const more = after.some(({ reduced }) => reduced);
    const repeated = (pointer: typeof y.pointer): typeof y.pointer => {
      if (!more) return pointer;
      const wide = to.workspace(bytes);
      lowerExpand(to, pointer, wide, others, 1);
      return wide;
    };
    const best = repeated(y.pointer);
    let ties = to.workspace(bytes);
    lowerTies(to, x.pointer, best, ties, middle);
    if (more) {
      const all = to.workspace(4 * sizeOf(y.shape));
      lowerFold(to, 'sum', ties, all, others, 1);
      ties = repeated(all);
    }
    to.step({
      kernel: 'reduce.share.f32/simd',
      chunks: elementwiseChunks(sizeOf(x.shape)),
      args: {
        dy: repeated(dy.pointer),
        x: x.pointer,
        best,
        ties,
        dx: dx.pointer,
        ...middleArgs(middle),
      },
    });
  },
});
