import type { Shape } from '../shape.ts';

/** Axes of torch's layout in ours: convolutions OIHW from HWIO, linear layers [out, in] from [in, out]. */
const TORCH_AXES: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 4: [3, 2, 0, 1] };
const OWN_AXES: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 4: [2, 3, 1, 0] };

/** Shape that torch gives a weight of ours: `[KH, KW, I, O]` → `[O, I, KH, KW]`, `[in, out]` → `[out, in]`. */
export function torchShape(shape: Shape): number[] {
  const axes = TORCH_AXES[shape.length];
  return axes ? axes.map((axis) => shape[axis]!) : [...shape];
}

/** Values of a weight of ours, of this shape, in torch's order. */
export function toTorchLayout(values: Float32Array, shape: Shape): Float32Array {
  return transpose(values, shape, TORCH_AXES[shape.length]);
}

/** Values in torch's order as those of a weight of ours, of this shape. */
export function fromTorchLayout(values: Float32Array, shape: Shape): Float32Array {
  return transpose(values, torchShape(shape), OWN_AXES[shape.length]);
}

function transpose(
  values: Float32Array,
  shape: Shape,
  axes: readonly number[] | undefined,
): Float32Array {
  if (!axes) return values;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const to = new Float32Array(values.length);
  let write = 0;
  const walk = (depth: number, read: number): void => {
    if (depth === axes.length) {
      to[write++] = values[read]!;
      return;
    }
    const axis = axes[depth]!;
    for (let i = 0; i < shape[axis]!; i++) walk(depth + 1, read + i * strides[axis]!);
  };
  walk(0, 0);
  return to;
}
