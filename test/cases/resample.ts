import { localResponseNorm } from '../../ts/ops/localResponseNorm.ts';
import { globalMaxPool2d } from '../../ts/ops/pools/globalMaxPool2d.ts';
import type { AxisMap } from '../../ts/ops/resample/axisMap.ts';
import { blurPool2d } from '../../ts/ops/resample/blurPool2d.ts';
import { interpolate } from '../../ts/ops/resample/interpolate.ts';
import {
  padByCopies,
  type CopyMode,
  type PadByCopiesAttrs,
} from '../../ts/ops/resample/padByCopies.ts';
import { resample } from '../../ts/ops/resample/resample.ts';
import { take } from '../../ts/ops/resample/take.ts';
import type { One } from '../../ts/ops/places.ts';
import { cases, f32, i32, type Array64, type Row } from './case.ts';
import { distinct, halves, labels, uniform } from './generators.ts';
import { at, built, exact, moved } from './moves.ts';

const random = uniform();

/** Index and weight of all that an index takes. */
type Taken = readonly (readonly [index: number, weight: number])[];

/** An array of which an axis is made of what is there. */
function alongAxis(x: Array64, axis: number, size: number, taken: (i: number) => Taken): Array64 {
  const shape = moved(x.shape, axis, size);
  const values = built(shape, (index) =>
    taken(index[axis]!).reduce(
      (sum, [i, weight]) => sum + weight * at(x, moved(index, axis, i)),
      0,
    ),
  );
  return { shape, values };
}

const range = (start: number, end: number): number[] =>
  Array.from({ length: Math.max(end - start, 0) }, (_, i) => start + i);

const takenBy =
  ({ starts, taps, weights }: AxisMap) =>
  (index: number): Taken =>
    range(starts?.[index] ?? index, starts?.[index + 1] ?? index + 1).map((tap) => [
      taps?.[tap] ?? tap,
      weights?.[tap] ?? 1,
    ]);

/** Index of an axis as an endless one repeats it, forwards and backwards. */
function mirrored(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const inside = ((index % period) + period) % period;
  return Math.min(inside, period - inside);
}

/** PyTorch's `interpolate` along an axis, as its documentation and source define it. */
function interpolated(
  from: number,
  size: number,
  { mode, alignCorners, antialias }: { mode: string; alignCorners: boolean; antialias: boolean },
  scale: number | undefined,
): (index: number) => Taken {
  const ratio = scale === undefined ? from / size : 1 / scale;
  const clamp = (index: number): number => Math.min(Math.max(index, 0), from - 1);
  if (mode !== 'bilinear')
    return (index) => [
      [clamp(Math.floor((index + (mode === 'nearest' ? 0 : 0.5)) * ratio + 1e-9)), 1],
    ];
  const step = alignCorners ? (size > 1 ? (from - 1) / (size - 1) : 0) : ratio;
  if (antialias) {
    const reach = Math.max(step, 1);
    return (index) => {
      const center = step * (index + 0.5);
      const weights = range(0, from).map((i) =>
        Math.max(0, 1 - Math.abs(i + 0.5 - center) / reach),
      );
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.map((weight, i) => [i, weight / sum]);
    };
  }
  return (index) => {
    const place = alignCorners ? index * step : Math.max((index + 0.5) * step - 0.5, 0);
    const share = place - Math.floor(place);
    return [
      [clamp(Math.floor(place)), 1 - share],
      [clamp(Math.floor(place) + 1), share],
    ];
  };
}

/** Ways to choose k of n things. */
const choose = (n: number, k: number): number =>
  k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k;

/** The settings of PyTorch's functions that take none. */
const plain = { mode: 'nearest', alignCorners: false, antialias: false } as const;
const bilinear = { ...plain, mode: 'bilinear' } as const;

function copyRows(mode: CopyMode): Row<{ x: One }, PadByCopiesAttrs>[] {
  return [
    {
      name: `${mode}, images`,
      inputs: { x: f32([2, 4, 5, 3], random) },
      attrs: {
        padding: [
          [0, 0],
          [3, 2],
          [1, 4],
          [0, 0],
        ],
        mode,
      },
    },
    {
      name: `${mode}, every axis`,
      inputs: { x: f32([3, 3, 4, 5], random) },
      attrs: {
        padding: [
          [2, 1],
          [1, 2],
          [0, 3],
          [4, 1],
        ],
        mode,
      },
    },
    {
      name: `${mode}, images and channels`,
      inputs: { x: f32([3, 2, 4, 5], random) },
      attrs: {
        padding: [
          [1, 0],
          [0, 0],
          [0, 0],
          [2, 0],
        ],
        mode,
      },
    },
    {
      name: `${mode}, a list`,
      inputs: { x: f32([4], random) },
      attrs: { padding: [[3, 2]], mode },
    },
    {
      name: `${mode}, nothing`,
      inputs: { x: f32([2, 3], random) },
      attrs: {
        padding: [
          [0, 0],
          [0, 0],
        ],
        mode,
      },
    },
    {
      name: `${mode}, no images`,
      inputs: { x: f32([0, 3, 3, 2], random) },
      attrs: {
        padding: [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        mode,
      },
    },
    {
      name: `${mode}, several chunks`,
      inputs: { x: f32([2, 30, 31, 17], random) },
      attrs: {
        padding: [
          [0, 0],
          [3, 3],
          [3, 3],
          [0, 0],
        ],
        mode,
      },
    },
  ];
}

export const resamples = [
  cases({
    op: take,
    reference: ({ x }, { axis, indices }) => ({
      y: alongAxis(x, axis, indices.length, (index) => [[indices[index]!, 1]]).values,
    }),
    ...exact,
    rows: [
      {
        name: 'channels',
        inputs: { x: f32([2, 3, 5], random) },
        attrs: { axis: 2, indices: [4, 0, 0, 2, 4] },
      },
      {
        name: 'images',
        inputs: { x: f32([3, 2, 3, 4], random) },
        attrs: { axis: 0, indices: [2, 2, 0, 1] },
      },
      {
        name: 'rows',
        inputs: { x: f32([2, 4, 3, 5], random) },
        attrs: { axis: 1, indices: [3, 1, 1] },
      },
      {
        name: 'columns',
        inputs: { x: f32([2, 4, 3, 5], random) },
        attrs: { axis: 2, indices: [2, 0] },
      },
      { name: 'a list', inputs: { x: f32([6], random) }, attrs: { axis: 0, indices: [5, 5, 1] } },
      { name: 'nothing', inputs: { x: f32([6, 2], random) }, attrs: { axis: 0, indices: [] } },
      {
        name: 'from no rows',
        inputs: { x: f32([0, 3], random) },
        attrs: { axis: 1, indices: [1, 1] },
      },
      {
        name: 'integers',
        inputs: { x: i32([4, 3], labels(99)) },
        attrs: { axis: 0, indices: [3, 0, 3] },
      },
      {
        name: 'rows, several chunks',
        inputs: { x: f32([3, 40, 41, 17], random) },
        attrs: { axis: 1, indices: range(0, 40).map((i) => (7 * i) % 40) },
      },
    ],
  }),
  cases({
    op: resample,
    reference: ({ x }, { axis, maps }) => ({
      y: maps.reduce((y, map, i) => alongAxis(y, axis + i, map.size, takenBy(map)), x).values,
    }),
    tolerance: 1e-6,
    rows: [
      {
        name: 'sums of rows and columns',
        inputs: { x: f32([2, 3, 4, 5], random) },
        attrs: {
          axis: 1,
          maps: [
            { size: 2, from: 3, starts: Int32Array.of(0, 3, 3), taps: Int32Array.of(2, 0, 2) },
            {
              size: 3,
              from: 4,
              starts: Int32Array.of(0, 1, 3, 4),
              taps: Int32Array.of(3, 1, 0, 1),
              weights: Float32Array.of(0.5, -1, 2, 3),
            },
          ],
        },
      },
      {
        name: 'many taps, one axis after the other',
        inputs: { x: f32([2, 12, 10, 3], random) },
        attrs: {
          axis: 1,
          maps: [
            {
              size: 2,
              from: 12,
              starts: Int32Array.of(0, 12, 24),
              taps: Int32Array.from([...range(0, 12), ...range(0, 12)]),
            },
            {
              size: 2,
              from: 10,
              starts: Int32Array.of(0, 10, 20),
              taps: Int32Array.from([...range(0, 10), ...range(0, 10)]),
            },
          ],
        },
      },
    ],
  }),
  cases({
    op: padByCopies,
    reference({ x }, { padding, mode }) {
      const y = padding.reduce((result, [before, after], axis) => {
        const size = x.shape[axis]!;
        return alongAxis(result, axis, before + size + after, (index) => {
          const place = index - before;
          return [
            [
              mode === 'reflect' ? mirrored(place, size) : Math.min(Math.max(place, 0), size - 1),
              1,
            ],
          ];
        });
      }, x);
      return { y: y.values };
    },
    ...exact,
    rows: [...copyRows('reflect'), ...copyRows('edge')],
  }),
  cases({
    op: interpolate,
    reference({ x }, { size, scale, ...rule }) {
      const along = (y: Array64, axis: 0 | 1): Array64 =>
        alongAxis(
          y,
          1 + axis,
          size[axis],
          interpolated(x.shape[1 + axis]!, size[axis], rule, scale?.[axis]),
        );
      return { y: along(along(x, 0), 1).values };
    },
    tolerance: 3e-7,
    gradientTolerance: 2e-6,
    rows: [
      {
        name: 'nearest, twice',
        inputs: { x: f32([2, 3, 5, 6], random) },
        attrs: { ...plain, size: [6, 10] },
      },
      {
        name: 'nearest, uneven',
        inputs: { x: f32([1, 5, 7, 3], random) },
        attrs: { ...plain, size: [7, 4] },
      },
      {
        name: 'nearest-exact, uneven',
        inputs: { x: f32([1, 5, 7, 3], random) },
        attrs: { ...plain, mode: 'nearest-exact', size: [8, 4] },
      },
      {
        name: 'nearest, by scale',
        inputs: { x: f32([1, 5, 7, 3], random) },
        attrs: { ...plain, size: [7, 11], scale: [1.5, 1.6] },
      },
      {
        name: 'bilinear, twice',
        inputs: { x: f32([2, 3, 5, 6], random) },
        attrs: { ...bilinear, size: [6, 10] },
      },
      {
        name: 'bilinear, smaller',
        inputs: { x: f32([1, 9, 7, 5], random) },
        attrs: { ...bilinear, size: [4, 3] },
      },
      {
        name: 'bilinear, by scale',
        inputs: { x: f32([1, 5, 7, 3], random) },
        attrs: { ...bilinear, size: [7, 11], scale: [1.5, 1.6] },
      },
      {
        name: 'bilinear, corners',
        inputs: { x: f32([2, 4, 5, 6], random) },
        attrs: { ...bilinear, alignCorners: true, size: [7, 9] },
      },
      {
        name: 'bilinear, corners, to one pixel',
        inputs: { x: f32([1, 4, 5, 3], random) },
        attrs: { ...bilinear, alignCorners: true, size: [1, 1] },
      },
      {
        name: 'bilinear, of one pixel',
        inputs: { x: f32([1, 1, 1, 3], random) },
        attrs: { ...bilinear, size: [3, 2] },
      },
      {
        name: 'antialias, smaller',
        inputs: { x: f32([2, 11, 13, 3], random) },
        attrs: { ...bilinear, antialias: true, size: [4, 3] },
      },
      {
        name: 'antialias, larger',
        inputs: { x: f32([1, 4, 5, 3], random) },
        attrs: { ...bilinear, antialias: true, size: [7, 6] },
      },
      {
        name: 'antialias, corners',
        inputs: { x: f32([1, 11, 10, 3], random) },
        attrs: { ...bilinear, antialias: true, alignCorners: true, size: [4, 3] },
      },
      {
        name: 'bilinear, several chunks',
        inputs: { x: f32([2, 20, 21, 17], random) },
        attrs: { ...bilinear, size: [40, 42] },
      },
      {
        name: 'no images',
        inputs: { x: f32([0, 2, 2, 3], random) },
        attrs: { ...bilinear, size: [4, 4] },
      },
      {
        name: 'the same size',
        inputs: { x: f32([1, 3, 4, 3], random) },
        attrs: { ...bilinear, size: [3, 4] },
      },
    ],
  }),
  cases({
    op: blurPool2d,
    reference({ x }, { filterSize, stride }) {
      const padding = Math.floor((stride - 1 + filterSize - 1) / 2);
      const along = (y: Array64, axis: number): Array64 => {
        const from = y.shape[axis]!;
        const size = Math.floor((from + 2 * padding - filterSize) / stride) + 1;
        return alongAxis(y, axis, size, (index) =>
          range(0, filterSize).map((k) => [
            mirrored(index * stride + k - padding, from),
            choose(filterSize - 1, k) / 2 ** (filterSize - 1),
          ]),
        );
      };
      return { y: along(along(x, 1), 2).values };
    },
    tolerance: 3e-7,
    gradientTolerance: 2e-6,
    rows: [
      {
        name: 'even',
        inputs: { x: f32([2, 6, 8, 5], random) },
        attrs: { filterSize: 3, stride: 2 },
      },
      {
        name: 'odd',
        inputs: { x: f32([2, 7, 5, 6], random) },
        attrs: { filterSize: 3, stride: 2 },
      },
      {
        name: 'two pixels',
        inputs: { x: f32([1, 2, 2, 3], random) },
        attrs: { filterSize: 3, stride: 2 },
      },
      {
        name: 'five taps, stride 1',
        inputs: { x: f32([1, 4, 5, 3], random) },
        attrs: { filterSize: 5, stride: 1 },
      },
      {
        name: 'four taps',
        inputs: { x: f32([1, 7, 6, 3], random) },
        attrs: { filterSize: 4, stride: 2 },
      },
      {
        name: 'seven taps, stride 3',
        inputs: { x: f32([1, 9, 11, 3], random) },
        attrs: { filterSize: 7, stride: 3 },
      },
      {
        name: 'no images',
        inputs: { x: f32([0, 4, 4, 3], random) },
        attrs: { filterSize: 3, stride: 2 },
      },
      {
        name: 'several chunks',
        inputs: { x: f32([2, 30, 31, 17], random) },
        attrs: { filterSize: 3, stride: 2 },
      },
    ],
  }),
  cases({
    op: globalMaxPool2d,
    reference({ x }) {
      const [n, h, w, c] = x.shape as [number, number, number, number];
      const index = built([n, c], ([image, channel]) => {
        let best = 0;
        for (let p = 1; p < h * w; p++) {
          const valueAt = (pixel: number): number =>
            at(x, [image!, Math.floor(pixel / w), pixel % w, channel!]);
          if (valueAt(p) > valueAt(best)) best = p;
        }
        return best;
      });
      const y = built([n, c], ([image, channel]) => {
        const pixel = index[image! * c + channel!]!;
        return at(x, [image!, Math.floor(pixel / w), pixel % w, channel!]);
      });
      return { y, index };
    },
    ...exact,
    rows: [
      { name: 'images', inputs: { x: f32([2, 3, 5, 6], distinct) }, attrs: {} },
      { name: 'ties', inputs: { x: f32([2, 3, 5, 6], halves) }, attrs: {}, kink: true },
      { name: 'one pixel', inputs: { x: f32([3, 1, 1, 4], distinct) }, attrs: {} },
      { name: 'no images', inputs: { x: f32([0, 2, 3, 4], distinct) }, attrs: {} },
      { name: 'several chunks', inputs: { x: f32([4, 28, 27, 17], distinct) }, attrs: {} },
    ],
  }),
  cases({
    op: localResponseNorm,
    reference: ({ x }, { size, alpha, beta, k }) => ({
      y: built(x.shape, (index) => {
        const [axis, channel] = [x.shape.length - 1, index.at(-1)!];
        const first = channel - Math.floor(size / 2);
        const squares = range(Math.max(first, 0), Math.min(first + size, x.shape.at(-1)!)).map(
          (c) => at(x, moved(index, axis, c)) ** 2,
        );
        const sum = squares.reduce((total, square) => total + square, 0);
        return at(x, index) / (k + (alpha / size) * sum) ** beta;
      }),
    }),
    tolerance: 1e-6,
    gradientTolerance: 3e-6,
    rows: [
      {
        name: 'AlexNet',
        inputs: { x: f32([2, 3, 4, 11], uniform(9)) },
        attrs: { size: 5, alpha: 1e-4, beta: 0.75, k: 2 },
      },
      {
        name: 'strong',
        inputs: { x: f32([2, 3, 4, 11], uniform(2)) },
        attrs: { size: 5, alpha: 2, beta: 0.75, k: 1 },
      },
      {
        name: 'even, another power',
        inputs: { x: f32([3, 9], uniform(2)) },
        attrs: { size: 4, alpha: 1.5, beta: 0.6, k: 1 },
      },
      {
        name: 'wider than the channels',
        inputs: { x: f32([3, 4], uniform(2)) },
        attrs: { size: 9, alpha: 1, beta: 1, k: 0.5 },
      },
      {
        name: 'one channel',
        inputs: { x: f32([5, 1], uniform(2)) },
        attrs: { size: 1, alpha: 1, beta: 0.75, k: 1 },
      },
      {
        name: 'no pixels',
        inputs: { x: f32([0, 4], random) },
        attrs: { size: 3, alpha: 1, beta: 0.75, k: 1 },
      },
      {
        name: 'several chunks',
        inputs: { x: f32([2, 28, 27, 17], uniform(2)) },
        attrs: { size: 5, alpha: 1, beta: 0.75, k: 1 },
      },
    ],
  }),
];
