import { pixelsOf, sizeOf, type Shape } from '../../base/shape.ts';
import { lowerOuterProduct } from '../linear.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { leadingRuns, matricesOf } from './leading.ts';
import { lowerNothing } from './lowerNothing.ts';
import { lowerProducts } from './lowerMatrices.ts';

/**
 * `db = aᵀ·dy`: a `[…, M, K]`, dy `[…, M, N]`, db as the settings say: `[…, K, N]` for each matrix of dy, or one matrix, the sum over
 * all of them.
 */
export const matmulBackwardB: Op<{ a: One; dy: One }, { db: One }, { readonly shape: Shape }> = {
  name: 'matmulBackwardB',
  denseOutputs: ['db'],
  infer: (_, { shape }) => ({ db: { shape, dtype: 'f32' } }),
  lower(to, { a, dy }, { db }) {
    const [depth, rows] = a.shape.slice(-2) as [number, number];
    const columns = dy.shape.at(-1)!;
    if (sizeOf(db.shape) === 0) return;
    if (pixelsOf(dy.shape) === 0) {
      lowerNothing(to, db);
      return;
    }
    if (matricesOf(db.shape) === 1) {
      lowerOuterProduct(
        to,
        { rows: pixelsOf(a.shape), ins: rows, outs: columns },
        a,
        dy,
        db.pointer,
      );
      return;
    }
    lowerProducts(to, {
      runs: leadingRuns(a.shape, dy.shape),
      rows,
      depth,
      columns,
      a: {
        pointer: a.pointer,
        rowStride: 1,
        columnStride: a.stride,
        matrixStride: depth * a.stride,
      },
      b: {
        pointer: dy.pointer,
        rowStride: dy.stride,
        columnStride: 1,
        matrixStride: depth * dy.stride,
      },
      c: db,
    });
  },
  flops: ({ a }, { db }) => 2 * sizeOf(db.shape) * a.shape.at(-2)!,
};
