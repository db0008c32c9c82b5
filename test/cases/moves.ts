import { concatAlong } from '../../ts/ops/moves/concatAlong.ts';
import { pixelShuffle, pixelUnshuffle } from '../../ts/ops/moves/pixelShuffle.ts';
import { padAxes, slice } from '../../ts/ops/moves/slice.ts';
import { split } from '../../ts/ops/moves/split.ts';
import { transpose } from '../../ts/ops/moves/transpose.ts';
import { sizeOf, type Shape } from '../../ts/base/shape.ts';
import { cases, f32, i32, type Array64 } from './case.ts';
import { labels, uniform } from './generators.ts';

/** Element of an array at an index of each axis. */
export function at({ shape, values }: Array64, index: readonly number[]): number {
  return values[index.reduce((place, i, axis) => place * shape[axis]! + i, 0)]!;
}

/** An array of which each element is known by its index. */
export function built(shape: Shape, element: (index: number[]) => number): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, place) => {
    let left = place;
    const index = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = left % shape[axis]!;
      left = Math.floor(left / shape[axis]!);
    }
    return element(index);
  });
}

/** The index with another one on an axis. */
export const moved = (index: readonly number[], axis: number, to: number): number[] =>
  index.map((own, other) => (other === axis ? to : own));

const random = uniform();

/** Ops that only move numbers: the gradients' tolerance is that of the finite differences. */
export const exact = { tolerance: 0, gradientTolerance: 1e-6 };

export const moves = [
  cases({
    op: slice,
    reference: ({ x }, { start, size }) => ({
      y: built(size, (index) =>
        at(
          x,
          index.map((i, axis) => i + start[axis]!),
        ),
      ),
    }),
    ...exact,
    rows: [
      {
        name: 'a box',
        inputs: { x: f32([3, 5, 6, 7], random) },
        attrs: { start: [1, 0, 2, 3], size: [2, 4, 3, 3] },
      },
      {
        name: 'images',
        inputs: { x: f32([5, 2, 3, 4], random) },
        attrs: { start: [2, 0, 0, 0], size: [2, 2, 3, 4] },
      },
      {
        name: 'rows of one image',
        inputs: { x: f32([3, 5, 4, 3], random) },
        attrs: { start: [1, 2, 0, 0], size: [1, 2, 4, 3] },
      },
      {
        name: 'columns of pixels, several chunks',
        inputs: { x: f32([3, 41, 40, 17], random) },
        attrs: { start: [0, 0, 3, 0], size: [3, 41, 30, 17] },
      },
      { name: 'all', inputs: { x: f32([7, 4], random) }, attrs: { start: [0, 0], size: [7, 4] } },
      {
        name: 'nothing',
        inputs: { x: f32([7, 4], random) },
        attrs: { start: [3, 0], size: [0, 4] },
      },
      { name: 'a scalar', inputs: { x: f32([], random) }, attrs: { start: [], size: [] } },
      {
        name: 'integers',
        inputs: { x: i32([4, 5], labels(1000)) },
        attrs: { start: [1, 1], size: [2, 3] },
      },
      {
        name: 'six axes',
        inputs: { x: f32([3, 3, 3, 3, 3, 3], random) },
        attrs: { start: [1, 0, 1, 0, 1, 0], size: [2, 2, 2, 2, 2, 2] },
      },
    ],
  }),
  cases({
    op: padAxes,
    reference({ x }, { padding, value }) {
      const shape = x.shape.map((size, axis) => size + padding[axis]![0] + padding[axis]![1]);
      const y = built(shape, (index) => {
        const from = index.map((i, axis) => i - padding[axis]![0]);
        return from.every((i, axis) => i >= 0 && i < x.shape[axis]!) ? at(x, from) : value;
      });
      return { y };
    },
    ...exact,
    rows: [
      {
        name: 'a border',
        inputs: { x: f32([2, 3, 4, 5], random) },
        attrs: {
          padding: [
            [0, 0],
            [1, 2],
            [2, 1],
            [0, 0],
          ],
          value: 0,
        },
      },
      {
        name: 'every side, a number',
        inputs: { x: f32([2, 3, 2, 3], random) },
        attrs: {
          padding: [
            [1, 2],
            [2, 1],
            [0, 3],
            [3, 1],
          ],
          value: -1.5,
        },
      },
      {
        name: 'several chunks',
        inputs: { x: f32([2, 56, 55, 9], random) },
        attrs: {
          padding: [
            [0, 0],
            [3, 3],
            [3, 3],
            [0, 0],
          ],
          value: 0,
        },
      },
      {
        name: 'a list',
        inputs: { x: f32([5], random) },
        attrs: { padding: [[2, 3]], value: 0.25 },
      },
      {
        name: 'nothing to pad',
        inputs: { x: f32([2, 0, 3], random) },
        attrs: {
          padding: [
            [0, 0],
            [2, 1],
            [1, 0],
          ],
          value: 3,
        },
      },
      {
        name: 'no padding',
        inputs: { x: f32([2, 3], random) },
        attrs: {
          padding: [
            [0, 0],
            [0, 0],
          ],
          value: 3,
        },
      },
    ],
  }),
  cases({
    op: split,
    reference({ x }, { axis, sizes }) {
      let first = 0;
      const parts = sizes.map((size, part): [string, Float64Array] => {
        const start = first;
        first += size;
        const shape = moved(x.shape, axis, size);
        return [`parts.${part}`, built(shape, (i) => at(x, moved(i, axis, i[axis]! + start)))];
      });
      return Object.fromEntries(parts) as never;
    },
    ...exact,
    rows: [
      {
        name: 'channels',
        inputs: { x: f32([2, 3, 4, 9], random) },
        attrs: { axis: 3, sizes: [2, 4, 3] },
      },
      {
        name: 'images',
        inputs: { x: f32([5, 3, 2, 4], random) },
        attrs: { axis: 0, sizes: [3, 2] },
      },
      {
        name: 'rows',
        inputs: { x: f32([2, 5, 3, 4], random) },
        attrs: { axis: 1, sizes: [1, 0, 4] },
      },
      { name: 'one part', inputs: { x: f32([2, 3], random) }, attrs: { axis: 1, sizes: [3] } },
      { name: 'integers', inputs: { x: i32([6], labels(99)) }, attrs: { axis: 0, sizes: [2, 4] } },
    ],
  }),
  cases({
    op: concatAlong,
    reference({ parts }, { axis }) {
      const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
      const y = built(moved(parts[0]!.shape, axis, size), (index) => {
        let i = index[axis]!;
        const part = parts.find(({ shape }) =>
          i < shape[axis]! ? true : ((i -= shape[axis]!), false),
        )!;
        return at(part, moved(index, axis, i));
      });
      return { y };
    },
    ...exact,
    rows: [
      {
        name: 'images',
        inputs: { parts: [f32([2, 3, 4, 5], random), f32([1, 3, 4, 5], random)] },
        attrs: { axis: 0 },
      },
      {
        name: 'rows, three',
        inputs: {
          parts: [f32([2, 3, 4, 5], random), f32([2, 1, 4, 5], random), f32([2, 4, 4, 5], random)],
        },
        attrs: { axis: 1 },
      },
      {
        name: 'columns, several chunks',
        inputs: { parts: [f32([2, 30, 41, 17], random), f32([2, 30, 3, 17], random)] },
        attrs: { axis: 2 },
      },
      {
        name: 'channels',
        inputs: { parts: [f32([2, 3, 5], random), f32([2, 3, 1], random)] },
        attrs: { axis: 2 },
      },
      {
        name: 'an empty one',
        inputs: { parts: [f32([0, 3], random), f32([2, 3], random)] },
        attrs: { axis: 0 },
      },
    ],
  }),
  cases({
    op: transpose,
    reference: ({ x }, { permutation }) => ({
      y: built(
        permutation.map((axis) => x.shape[axis]!),
        (index) =>
          at(
            x,
            x.shape.map((_, axis) => index[permutation.indexOf(axis)]!),
          ),
      ),
    }),
    ...exact,
    rows: [
      { name: 'a matrix', inputs: { x: f32([5, 7], random) }, attrs: { permutation: [1, 0] } },
      {
        name: 'a matrix, several chunks',
        inputs: { x: f32([190, 203], random) },
        attrs: { permutation: [1, 0] },
      },
      {
        name: 'channels first',
        inputs: { x: f32([2, 5, 6, 9], random) },
        attrs: { permutation: [0, 3, 1, 2] },
      },
      {
        name: 'channels last',
        inputs: { x: f32([2, 9, 5, 6], random) },
        attrs: { permutation: [0, 2, 3, 1] },
      },
      {
        name: 'all axes',
        inputs: { x: f32([3, 4, 5, 6], random) },
        attrs: { permutation: [3, 1, 0, 2] },
      },
      {
        name: 'pixels',
        inputs: { x: f32([2, 3, 4, 5], random) },
        attrs: { permutation: [0, 2, 1, 3] },
      },
      {
        name: 'six axes',
        inputs: { x: f32([2, 3, 2, 4, 3, 5], random) },
        attrs: { permutation: [5, 3, 1, 4, 2, 0] },
      },
      {
        name: 'seven axes',
        inputs: { x: f32([2, 3, 2, 2, 2, 2, 3], random) },
        attrs: { permutation: [6, 5, 4, 3, 2, 1, 0] },
      },
      { name: 'as it is', inputs: { x: f32([3, 4], random) }, attrs: { permutation: [0, 1] } },
      { name: 'no elements', inputs: { x: f32([0, 4], random) }, attrs: { permutation: [1, 0] } },
      { name: 'integers', inputs: { x: i32([5, 6], labels(99)) }, attrs: { permutation: [1, 0] } },
    ],
  }),
  cases({
    op: pixelShuffle,
    reference({ x }, { factor }) {
      const [n, h, w, c] = x.shape as [number, number, number, number];
      const shape = [n, h * factor, w * factor, c / factor ** 2];
      const y = built(shape, ([image, row, column, channel]) => {
        const [i, j] = [row! % factor, column! % factor];
        const place = channel! * factor ** 2 + i * factor + j;
        return at(x, [image!, Math.floor(row! / factor), Math.floor(column! / factor), place]);
      });
      return { y };
    },
    ...exact,
    rows: [
      { name: 'by 2', inputs: { x: f32([2, 3, 5, 12], random) }, attrs: { factor: 2 } },
      { name: 'by 3, one channel', inputs: { x: f32([1, 2, 4, 9], random) }, attrs: { factor: 3 } },
      {
        name: 'by 2, several chunks',
        inputs: { x: f32([2, 20, 21, 64], random) },
        attrs: { factor: 2 },
      },
      { name: 'by 1', inputs: { x: f32([1, 2, 2, 3], random) }, attrs: { factor: 1 } },
      { name: 'no images', inputs: { x: f32([0, 2, 2, 4], random) }, attrs: { factor: 2 } },
    ],
  }),
  cases({
    op: pixelUnshuffle,
    reference({ x }, { factor }) {
      const [n, h, w, c] = x.shape as [number, number, number, number];
      const y = built(
        [n, h / factor, w / factor, c * factor ** 2],
        ([image, row, column, place]) => {
          const within = place! % factor ** 2;
          const [i, j] = [Math.floor(within / factor), within % factor];
          const channel = Math.floor(place! / factor ** 2);
          return at(x, [image!, row! * factor + i, column! * factor + j, channel]);
        },
      );
      return { y };
    },
    ...exact,
    rows: [
      { name: 'by 2', inputs: { x: f32([2, 6, 4, 5], random) }, attrs: { factor: 2 } },
      { name: 'by 3, one channel', inputs: { x: f32([1, 6, 9, 1], random) }, attrs: { factor: 3 } },
      {
        name: 'by 2, several chunks',
        inputs: { x: f32([2, 40, 42, 16], random) },
        attrs: { factor: 2 },
      },
    ],
  }),
];
