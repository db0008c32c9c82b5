import { ShapeError } from '../../base/errors.ts';
import { formatShape, sameShape, type Shape } from '../../base/shape.ts';
import { inferShape } from '../inferShape.ts';
import { through, type Step } from '../through.ts';

/** Side of the square image that is tried; divisible by every stride in use. */
const SIDE = 64;

/**
 * Makes sure that F(x) and the shortcut can be added, before the first batch finds out.
 *
 * @throws ShapeError with both shapes and the likely cause.
 */
export function assertJoins(place: string, body: Step, shortcut: Step, inChannels: number): void {
  const input = [1, SIDE, SIDE, inChannels];
  const shapeOf = (branch: Step): Shape => inferShape((x) => through(x, branch), input);
  const [left, right] = [shapeOf(body), shapeOf(shortcut)];
  if (sameShape(left, right)) return;
  throw new ShapeError(
    `${place}: input ${formatShape(input)} becomes ${formatShape(left)} in the body but ` +
      `${formatShape(right)} in the shortcut, which cannot be added: ${causeOf(left, right)}`,
  );
}

function causeOf(left: Shape, right: Shape): string {
  if (left.length !== 4 || right.length !== 4) return 'one of them is no image';
  const [inBody, inShortcut] = [SIDE / left[1]!, SIDE / right[1]!];
  const strides = [inBody, inShortcut].every(Number.isInteger);
  if (strides && inBody > inShortcut && inShortcut > 1) {
    return (
      `strides of the body divide the image by ${inBody}, that of the shortcut by ${inShortcut}: only the first ` +
      '3×3 convolution may have the stride, not both'
    );
  }
  if (strides && inBody > inShortcut) {
    return `the body has stride ${inBody} but the shortcut has none: it needs a projection of the same stride`;
  }
  if (left[1] !== right[1] || left[2] !== right[2]) {
    return 'the sizes of the images differ: strides and padding of both must agree';
  }
  return 'the channels differ: the shortcut needs a projection to those of the body';
}
