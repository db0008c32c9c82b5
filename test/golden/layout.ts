/** Reorders a row-major tensor: axis `i` of the result is axis `axes[i]` of the input. */
export function permute(
  values: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly number[],
): Float64Array {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((size, axis) => size * axis, 1));
  const result = new Float64Array(values.length);
  const index = axes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = values[from]!;
    for (let i = axes.length - 1; i >= 0; i--) {
      const size = shape[axes[i]!]!;
      const stride = strides[axes[i]!]!;
      from += stride;
      if (++index[i]! < size) break;
      from -= stride * size;
      index[i] = 0;
    }
  }
  return result;
}

/** Torch's image layout to ours; `shape` is `[N, C, H, W]`. */
export const nchwToNhwc = (values: ArrayLike<number>, shape: readonly number[]) =>
  permute(values, shape, [0, 2, 3, 1]);

/** Our image layout to torch's; `shape` is `[N, H, W, C]`. */
export const nhwcToNchw = (values: ArrayLike<number>, shape: readonly number[]) =>
  permute(values, shape, [0, 3, 1, 2]);

/** Torch's convolution weight to ours; `shape` is `[O, I, KH, KW]`. */
export const oihwToHwio = (values: ArrayLike<number>, shape: readonly number[]) =>
  permute(values, shape, [2, 3, 1, 0]);

/** Our convolution weight to torch's; `shape` is `[KH, KW, I, O]`. */
export const hwioToOihw = (values: ArrayLike<number>, shape: readonly number[]) =>
  permute(values, shape, [3, 2, 0, 1]);

/** A linear layer's weight from torch's `[out, in]` to ours, or back; `shape` is that of the input. */
export const transpose = (values: ArrayLike<number>, shape: readonly number[]) =>
  permute(values, shape, [1, 0]);
