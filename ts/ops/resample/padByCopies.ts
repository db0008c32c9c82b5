import { ShapeError } from '../../base/errors.ts';
import { formatShape, sizeOf, type Shape } from '../../base/shape.ts';
import { lowerCopy } from '../copy.ts';
import { expectType } from '../expect.ts';
import { expectPadding, type PadAttrs } from '../moves/slice.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import type { AxisMap } from './axisMap.ts';
import { denseView, lowerResample } from './lowerResample.ts';
import { backward, resample, resampled, type ResampleAttrs } from './resample.ts';

/** What indices outside of an axis stand for: those mirrored at the ends, which are not repeated, or the ends. */
export type CopyMode = 'reflect' | 'edge';

/** What {@link padByCopies} adds. */
export interface PadByCopiesAttrs {
  /** Indices added before and after, for each axis. */
  readonly padding: PadAttrs['padding'];
  readonly mode: CopyMode;
}

function mapOf(size: number, [before, after]: readonly [number, number], mode: CopyMode): AxisMap {
  const nearest = (index: number): number => Math.min(Math.max(index, 0), size - 1);
  const inside = (index: number): number =>
    mode === 'edge' ? nearest(index) : size - 1 - Math.abs(size - 1 - Math.abs(index));
  const count = before + size + after;
  return {
    size: count,
    from: size,
    taps: Int32Array.from({ length: count }, (_, index) => inside(index - before)),
  };
}

/** Axes that are padded one after the other: alone, or two neighbours of which no more than one axis comes after. */
function stepsOf(shape: Shape, { padding, mode }: PadByCopiesAttrs): ResampleAttrs[] {
  const maps = shape.map((size, axis) => {
    const [before, after] = padding[axis]!;
    return before + after > 0 ? mapOf(size, [before, after], mode) : undefined;
  });
  const steps: ResampleAttrs[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const [map, next] = [maps[axis], maps[axis + 1]];
    if (map && next && axis + 3 >= shape.length) steps.push({ axis: axis++, maps: [map, next] });
    else if (map) steps.push({ axis, maps: [map] });
  }
  return steps;
}

/** x with copies of its own elements around it: y has `before + size + after` indices on each axis. */
export const padByCopies = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, PadByCopiesAttrs>({
  name: 'padByCopies',
  infer({ x }, { padding, mode }) {
    expectType('padAxes', 'input', x, 'f32');
    expectPadding(x.shape, padding);
    const shape = x.shape.map((size, axis) => {
      const [before, after] = padding[axis]!;
      const most = mode === 'reflect' ? Math.max(size - 1, 0) : size > 0 ? Infinity : 0;
      if (Math.max(before, after) > most) {
        const facts = `axis ${axis} of input ${formatShape(x.shape)} has ${size}`;
        throw new ShapeError(`padAxes: ${mode} padding is [${before}, ${after}] but ${facts}`);
      }
      return before + size + after;
    });
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }, attrs) {
    const steps = stepsOf(x.shape, attrs);
    if (steps.length === 0) return lowerCopy(to, x, y);
    let from = x;
    steps.forEach(({ axis, maps }, index) => {
      const shape = resampled(from.shape, { axis, maps });
      const last = index === steps.length - 1;
      const into = last ? y : denseView(shape, to.workspace(4 * sizeOf(shape)));
      lowerResample(to, from, into, axis, maps);
      from = into;
    });
  },
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs }) {
    if (!dy) return {};
    const steps = stepsOf(x.shape, attrs).reverse();
    return { x: steps.reduce((d, step) => apply(resample, { x: d }, backward(step)).y, dy) };
  },
});
