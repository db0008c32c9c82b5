import { sizeOf, type Shape } from '../../base/shape.ts';
import type { Pointer } from '../../kernels/step.ts';
import type { View } from '../op.ts';

/** How kernels see a tensor whose last axes are normalised together: as rows without gaps. */
export function rowsOf(
  normalizedShape: Shape,
  { shape }: View,
): {
  readonly sizes: { readonly pixels: number; readonly channels: number };
  strided(name: string, view: View): Record<string, Pointer | number>;
} {
  const channels = sizeOf(normalizedShape);
  const pixels = sizeOf(shape.slice(0, -normalizedShape.length));
  return {
    sizes: { pixels, channels },
    strided: (name, view) => ({ [name]: view.pointer, [`${name}Stride`]: channels }),
  };
}
