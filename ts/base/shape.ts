/** Sizes of the axes; images are `[N, H, W, C]`. */
export type Shape = readonly number[];

/** Element types of tensors; both take four bytes. */
export type DType = 'f32' | 'i32';

/** What is known of a tensor before it has values. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements, 1 for a scalar `[]`. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

/** Bytes of a contiguous tensor. */
export function bytesOf(spec: Spec): number {
  return 4 * sizeOf(spec.shape);
}

/** `[8, 32, 32, 3]`, as error messages show a shape. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Last axis, 1 for a scalar. */
export function channelsOf(shape: Shape): number {
  return shape.at(-1) ?? 1;
}

/** All axes but the last multiplied: how many rows of channels a tensor has. */
export function pixelsOf(shape: Shape): number {
  return sizeOf(shape.slice(0, -1));
}
