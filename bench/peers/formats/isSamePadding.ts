type Pair = readonly [number, number];

/** Whether TensorFlow's padding `same` puts as many zeros on every side as the layer asks for. */
export function isSamePadding(
  [, height, width]: readonly number[],
  kernel: Pair,
  {
    stride,
    dilation,
    padding,
  }: { stride: Pair; dilation: Pair; padding: readonly [number, number, number, number] },
): boolean {
  const sides = ([height, width] as Pair).map((size, axis): Pair => {
    const reach = (kernel[axis]! - 1) * dilation[axis]! + 1;
    const windows = Math.ceil(size / stride[axis]!);
    const total = Math.max((windows - 1) * stride[axis]! + reach - size, 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  const [[top, bottom], [left, right]] = sides as [Pair, Pair];
  return `${[top, right, bottom, left]}` === `${padding}`;
}
