import type { Shape, Spec } from '../base/shape.ts';

/** Images of a shape `[N, H, W, C]`, and their labels. */
export function batchSpecs(shape: Shape): Spec[] {
  return [
    { shape, dtype: 'f32' },
    { shape: [shape[0]!], dtype: 'i32' },
  ];
}
