import type { Weight } from '../network/layers.ts';

/** The same values with the axes in another order: axis `i` of the result is axis `order[i]` of the tensor. */
export function transpose({ shape, data }: Weight, order: readonly number[]): Weight {
  const result = order.map((axis) => shape[axis]!);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const steps = order.map((axis) => strides[axis]!);
  const out = new Float32Array(data.length);
  let next = 0;
  const copy = (axis: number, offset: number): void => {
    const [size, step] = [result[axis]!, steps[axis]!];
    if (axis === result.length - 1) {
      for (let i = 0; i < size; i++) out[next++] = data[offset + i * step]!;
    } else {
      for (let i = 0; i < size; i++) copy(axis + 1, offset + i * step);
    }
  };
  copy(0, 0);
  return { shape: result, data: out };
}

/** A linear weight `[in, out]` whose input was an image `[h, w, c]` for one that was flattened channels first. */
export function flattenChannelsFirst(weight: Weight, image: readonly number[]): Weight {
  const [inputs, outputs] = weight.shape as [number, number];
  const turned = transpose({ shape: [...image, outputs], data: weight.data }, [2, 0, 1, 3]);
  return { shape: [inputs, outputs], data: turned.data };
}
