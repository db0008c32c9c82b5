import { pixelsOf, sizeOf } from '../../base/shape.ts';
import { lowerPanelProduct } from '../gemm.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { leadingRuns, matricesOf } from './leading.ts';
import { lowerNothing } from './lowerNothing.ts';
import { lowerProducts } from './lowerMatrices.ts';

/** `da = dy·bᵀ` for each matrix of dy: dy `[…, M, N]`, b `[…, K, N]`, da `[…, M, K]`. */
export const matmulBackwardA: Op<{ dy: One; b: One }, { da: One }, object> = {
  name: 'matmulBackwardA',
  denseInputs: ['b'],
  infer: ({ dy, b }) => ({
    da: { shape: [...dy.shape.slice(0, -1), b.shape.at(-2)!], dtype: 'f32' },
  }),
  lower(to, { dy, b }, { da }) {
    const [rows, depth] = dy.shape.slice(-2) as [number, number];
    const columns = b.shape.at(-2)!;
    if (sizeOf(da.shape) === 0) return;
    if (depth === 0) {
      lowerNothing(to, da);
      return;
    }
    const transposed = { pointer: b.pointer, rowStride: 1, columnStride: depth };
    if (matricesOf(b.shape) === 1) {
      const sizes = { rows: pixelsOf(dy.shape), depth, columns };
      lowerPanelProduct(to, { ...sizes, a: dy, b: transposed, bias: null, c: da });
      return;
    }
    lowerProducts(to, {
      runs: leadingRuns(dy.shape, b.shape),
      rows,
      depth,
      columns,
      a: {
        pointer: dy.pointer,
        rowStride: dy.stride,
        columnStride: 1,
        matrixStride: rows * dy.stride,
      },
      b: { ...transposed, matrixStride: depth * columns },
      c: da,
    });
  },
  flops: ({ dy }, { da }) => 2 * sizeOf(da.shape) * dy.shape.at(-1)!,
};
