import { ShapeError } from '../../errors.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { inferShape } from '../inferShape.ts';

/** Side of the square image that is tried; divisible by every stride in use. */
const SIDE = 64;

/**
 * Makes sure that F(x) and the shortcut can be added, before the first batch finds out.
 *
 * @throws ShapeError with both shapes and the likely cause.
 */
export function assertJoins(
  place: string,
  body: (x: Tensor) => Tensor,
  shortcut: (x: Tensor) => Tensor,
  inChannels: number,
): void {
  const input = [1, SIDE, SIDE, inChannels];
  const [left, right] = [inferShape(body, input), inferShape(shortcut, input)];
  if (sameShape(left, right)) return;
  const pixels = left[1] !== right[1] || left[2] !== right[2];
  throw new ShapeError(
    `${place}: input ${formatShape(input)} becomes ${formatShape(left)} in the body but ${formatShape(right)} in the ` +
      `shortcut, which cannot be added: ${
        pixels
          ? 'their strides differ (only the first 3×3 convolution may have one, and the shortcut must have the same)'
          : 'their channels differ (the shortcut needs a projection)'
      }`,
  );
}
