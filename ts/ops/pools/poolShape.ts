import { ShapeError } from '../../base/errors.ts';
import { formatShape } from '../../base/shape.ts';
import type { Shape, Spec } from '../../base/shape.ts';
import { imagesOf } from '../args.ts';
import type { Pair, Sides } from '../conv2d/geometry.ts';

/** How a window of a pooling moves over an image. */
export interface PoolGeometry {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
  readonly dilation: Pair;
  /** Whether a last window that does not fit counts, be it larger than the padded image; it must begin inside the image or the padding before it. */
  readonly ceilMode: boolean;
}

/** `[N, OH, OW, C]` of a pooling of images by PyTorch's rule. Throws {@link ShapeError} when no window fits. */
export function poolShape(op: string, input: Spec, geometry: PoolGeometry): Shape {
  const { kernelSize, stride, dilation, padding } = geometry;
  for (const [name, values, least] of [
    ['kernelSize', kernelSize, 1],
    ['stride', stride, 1],
    ['dilation', dilation, 1],
    ['padding', padding, 0],
  ] as const) {
    if (values.some((value) => !Number.isInteger(value) || value < least)) {
      const rule = `must be whole numbers ≥ ${least}`;
      throw new ShapeError(`${op}: ${name} is ${formatShape(values)} but its values ${rule}`);
    }
  }
  const { images, height, width, channels } = imagesOf(input);
  const [top, right, bottom, left] = padding;
  const out = [
    windows(op, 'height', height, top, bottom, 0, geometry),
    windows(op, 'width', width, left, right, 1, geometry),
  ];
  return [images, ...out, channels];
}

function windows(
  op: string,
  what: string,
  size: number,
  before: number,
  after: number,
  axis: 0 | 1,
  { kernelSize, stride, dilation, ceilMode }: PoolGeometry,
): number {
  const kernel = kernelSize[axis];
  const extent = (kernel - 1) * dilation[axis] + 1;
  const most = Math.max(before, after);
  if (most >= extent) {
    throw new ShapeError(
      `${op}: padding ${most} of the ${what} must be less than the kernel's ${extent}`,
    );
  }
  const room = size + before + after - extent;
  const steps = ceilMode ? Math.ceil(room / stride[axis]) : Math.floor(room / stride[axis]);
  const count = ceilMode && steps * stride[axis] >= size + before ? steps : steps + 1;
  if (count < 1) {
    const facts = `is less than the kernel's ${extent}`;
    throw new ShapeError(`${op}: ${what} ${size} padded to ${size + before + after} ${facts}`);
  }
  const isEmpty = (window: number): boolean => {
    const start = window * stride[axis] - before;
    const first = start < 0 ? start + dilation[axis] * Math.ceil(-start / dilation[axis]) : start;
    return first >= size || first >= start + extent;
  };
  const empty = Array.from({ length: count }, (_, window) => window).find(isEmpty);
  if (empty !== undefined) {
    throw new ShapeError(
      `${op}: window ${empty} of the ${what} ${size} padded to ${size + before + after} takes no pixel, but padding alone`,
    );
  }
  return count;
}
