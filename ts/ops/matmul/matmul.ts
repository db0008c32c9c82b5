import { ShapeError } from '../../base/errors.ts';
import {
  formatShape,
  pixelsOf,
  sameShape,
  sizeOf,
  type Shape,
  type Spec,
} from '../../base/shape.ts';
import { expectType } from '../expect.ts';
import { lowerPanelProduct, lowerPlainProduct } from '../gemm.ts';
import { FEW_ROWS } from '../linear.ts';
import type { Apply, Op } from '../op.ts';
import type { One } from '../places.ts';
import { sum } from '../reduce/sum.ts';
import { leadingAxes, leadingRuns, matricesOf, repeatedAxes } from './leading.ts';
import { lowerProducts } from './lowerMatrices.ts';
import { lowerNothing } from './lowerNothing.ts';
import { matmulBackwardA } from './matmulBackwardA.ts';
import { matmulBackwardB } from './matmulBackwardB.ts';

/**
 * Products of matrices, `y = a·b`: a `[…, M, K]`, b `[…, K, N]`, y `[…, M, N]`. Leading axes are aligned at their ends; an operand
 * without one, or with 1, is repeated along it. A sum of no products is 0.
 */
export const matmul: Op<{ a: One; b: One }, { y: One }, object> = {
  name: 'matmul',
  denseInputs: ['b'],
  infer({ a, b }) {
    expectType('matmul', 'first input', a, 'f32');
    expectType('matmul', 'second input', b, 'f32');
    for (const [name, { shape }] of Object.entries({ first: a, second: b })) {
      if (shape.length < 2) {
        const facts = `${name} input has shape ${formatShape(shape)}`;
        throw new ShapeError(`matmul: ${facts} but must be a matrix, or several of them`);
      }
    }
    const leading = leadingAxes(a.shape, b.shape);
    const [rows, depth] = a.shape.slice(-2);
    const [own, columns] = b.shape.slice(-2);
    if (depth !== own) {
      const facts = `first input ${formatShape(a.shape)} has ${depth} columns`;
      throw new ShapeError(`matmul: ${facts} but second ${formatShape(b.shape)} has ${own} rows`);
    }
    return { y: { shape: [...leading, rows!, columns!], dtype: 'f32' } };
  },
  lower(to, { a, b }, { y }) {
    const [rows, depth] = a.shape.slice(-2) as [number, number];
    const columns = b.shape.at(-1)!;
    if (depth === 0) {
      lowerNothing(to, y);
      return;
    }
    if (sizeOf(y.shape) === 0) return;
    const bMatrix = { pointer: b.pointer, rowStride: columns, columnStride: 1 };
    if (matricesOf(b.shape) === 1) {
      const product = { rows: pixelsOf(a.shape), depth, columns, a, b: bMatrix, bias: null, c: y };
      if (product.rows <= FEW_ROWS) lowerPlainProduct(to, product);
      else lowerPanelProduct(to, product);
      return;
    }
    lowerProducts(to, {
      runs: leadingRuns(a.shape, b.shape),
      rows,
      depth,
      columns,
      a: {
        pointer: a.pointer,
        rowStride: a.stride,
        columnStride: 1,
        matrixStride: rows * a.stride,
      },
      b: { ...bMatrix, matrixStride: depth * columns },
      c: y,
    });
  },
  gradient(apply, { inputs: { a, b }, outputs: { y }, dys: { y: dy }, needs }) {
    if (!dy) return {};
    const leading = y.shape.slice(0, -2);
    const whole = [...leading, ...b.shape.slice(-2)];
    const shape = matricesOf(b.shape) === 1 ? b.shape : whole;
    return {
      a: needs.a
        ? summedTo(apply, apply(matmulBackwardA, { dy, b }, {}).da, leading, a.shape)
        : undefined,
      b: needs.b
        ? summedTo(apply, apply(matmulBackwardB, { a, dy }, { shape }).db, leading, b.shape)
        : undefined,
    };
  },
  flops: ({ a }, { y }) => 2 * sizeOf(y.shape) * a.shape.at(-1)!,
};

/** A gradient that was taken for all matrices, summed over those that an operand was repeated for. */
function summedTo<T extends Spec>(apply: Apply<T>, gradient: T, leading: Shape, shape: Shape): T {
  if (sameShape(gradient.shape, shape)) return gradient;
  return apply(sum, { x: gradient }, { axes: repeatedAxes(leading, shape), shape }).y;
}
