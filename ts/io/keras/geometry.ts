import { pairOf, sidesOf } from '../../functions/window.ts';
import type { Conv2d } from '../../nn/conv2d.ts';
import type { KerasSettings } from './layers.ts';

type Pair = readonly [number, number];

/** Sizes to try where the file does not say what it is for: an even and an odd one, larger than kernels. */
const SIZES: readonly Pair[] = [
  [64, 64],
  [65, 65],
];

/**
 * How a convolution of the file moves otherwise than ours, which its weights do not show; undefined where it does not, or
 * the file does not say.
 *
 * @param pads whether the file has layers that pad in front of convolutions
 */
export function differingGeometry(
  conv: Conv2d,
  { strides, dilation_rate: dilations, groups, padding }: KerasSettings,
  pads: boolean,
): string | undefined {
  const own = conv.geometry;
  const stride = pairOf(own.stride ?? 1, 'Conv2d: stride');
  const dilation = pairOf(own.dilation ?? 1, 'Conv2d: dilation');
  for (const [what, theirs, ours] of [
    ['strides', strides, stride],
    ['dilation_rate', dilations, dilation],
  ] as const) {
    if (isPair(theirs) && theirs.join() !== ours.join()) {
      return `${what} [${theirs.join(', ')}] but the model has [${ours.join(', ')}]`;
    }
  }
  if (typeof groups === 'number' && groups !== (own.groups ?? 1)) {
    return `groups ${groups} but the model has ${own.groups ?? 1}`;
  }
  if (padding !== 'same' && (padding !== 'valid' || pads)) return undefined;
  const [height, width] = conv.weight.shape as [number, number];
  const sides = (of: NonNullable<typeof own.padding>, size: Pair): string =>
    sidesOf('Conv2d', of, size, [height, width], stride, dilation).join(', ');
  const differs = SIZES.find((size) => sides(padding, size) !== sides(own.padding ?? 0, size));
  if (!differs) return undefined;
  return (
    `padding '${padding}', [${sides(padding, differs)}] around an image of ${differs.join(' × ')}, but the model has ` +
    `[${sides(own.padding ?? 0, differs)}]`
  );
}

const isPair = (value: unknown): value is Pair =>
  Array.isArray(value) && value.length === 2 && value.every((item) => typeof item === 'number');
