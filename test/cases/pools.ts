import { adaptiveAvgPool2d } from '../../ts/ops/pools/adaptiveAvgPool2d.ts';
import { avgPool2d } from '../../ts/ops/pools/avgPool2d.ts';
import type { Pair, Sides } from '../../ts/ops/conv2d/geometry.ts';
import { globalAvgPool2d } from '../../ts/ops/pools/globalAvgPool2d.ts';
import { maxPool2d } from '../../ts/ops/pools/maxPool2d.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64 } from './case.ts';
import { constant, distinct, halves, uniform } from './generators.ts';

interface Window {
  readonly x: Shape;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  /** Top, right, bottom, left. */
  readonly padding?: Sides;
  readonly dilation?: Pair;
  readonly ceilMode?: boolean;
}

const one: Sides = [1, 1, 1, 1];

const windows: Readonly<Record<string, Window>> = {
  '3×3 at stride 2, padded': { x: [2, 9, 8, 5], kernelSize: [3, 3], stride: [2, 2], padding: one },
  '2×2 at stride 2': { x: [2, 7, 6, 5], kernelSize: [2, 2], stride: [2, 2] },
  ceil: { x: [2, 8, 6, 5], kernelSize: [3, 3], stride: [2, 2], ceilMode: true },
  'ceil, padded': {
    x: [1, 8, 7, 5],
    kernelSize: [3, 3],
    stride: [2, 2],
    padding: one,
    ceilMode: true,
  },
  'ceil, where a last window has one row and one column': {
    x: [1, 5, 5, 4],
    kernelSize: [2, 2],
    stride: [4, 4],
    ceilMode: true,
  },
  "ceil, where a last window would begin at the image's end": {
    x: [1, 4, 4, 1],
    kernelSize: [2, 2],
    stride: [4, 4],
    ceilMode: true,
  },
  'ceil, where a last window would begin at the end of the padding before': {
    x: [1, 4, 4, 3],
    kernelSize: [3, 3],
    stride: [5, 5],
    padding: one,
    ceilMode: true,
  },
  'same size': { x: [1, 5, 4, 5], kernelSize: [3, 3], stride: [1, 1], padding: one },
  rectangular: { x: [1, 6, 9, 3], kernelSize: [2, 3], stride: [1, 2], padding: [0, 2, 1, 0] },
  'gaps between windows': { x: [1, 8, 8, 9], kernelSize: [2, 2], stride: [3, 3] },
  'a single pixel': { x: [3, 1, 1, 4], kernelSize: [1, 1], stride: [1, 1] },
  'several chunks': { x: [4, 28, 27, 17], kernelSize: [3, 3], stride: [2, 2], padding: one },
};

/** First and last + 1 positions of the windows along an axis, before they are cut to the image. */
function ranges(
  size: number,
  [kernel, stride, before, after, dilation = 1]: number[],
  ceilMode: boolean,
): [start: number, end: number][] {
  const extent = (kernel! - 1) * dilation + 1;
  const steps = (size + before! + after! - extent) / stride!;
  let count = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
  if (ceilMode && (count - 1) * stride! >= size + before!) count--;
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride! - before!;
    return [start, start + extent];
  });
}

/** Calls `visit` for each output element with the rows and columns of its window. */
function forEachWindow(
  { shape }: Array64,
  rows: [number, number][],
  columns: [number, number][],
  visit: (
    at: (h: number, w: number) => number,
    row: [number, number],
    column: [number, number],
  ) => void,
): void {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  for (let n = 0; n < batch; n++) {
    for (const row of rows) {
      for (const column of columns) {
        for (let c = 0; c < channels; c++) {
          visit((h, w) => ((n * height + h) * width + w) * channels + c, row, column);
        }
      }
    }
  }
}

/** Sum of a window's pixels inside the image, and how many they are. */
function sumOver(
  x: Array64,
  at: (h: number, w: number) => number,
  [top, bottom]: [number, number],
  [left, right]: [number, number],
): { sum: number; count: number } {
  const [height, width] = [x.shape[1]!, x.shape[2]!];
  let [sum, count] = [0, 0];
  for (let h = Math.max(top, 0); h < Math.min(bottom, height); h++) {
    for (let w = Math.max(left, 0); w < Math.min(right, width); w++) {
      sum += x.values[at(h, w)]!;
      count++;
    }
  }
  return { sum, count };
}

/** Window i of an axis takes the pixels from ⌊i·size/count⌋ up to ⌈(i + 1)·size/count⌉. */
const parts = (size: number, count: number): [number, number][] =>
  Array.from({ length: count }, (_, i) => [
    Math.floor((i * size) / count),
    Math.ceil(((i + 1) * size) / count),
  ]);

function adaptive(x: Array64, [outHeight, outWidth]: Pair): number[] {
  const y: number[] = [];
  const [rows, columns] = [parts(x.shape[1]!, outHeight), parts(x.shape[2]!, outWidth)];
  forEachWindow(x, rows, columns, (at, row, column) => {
    const { sum, count } = sumOver(x, at, row, column);
    y.push(sum / count);
  });
  return y;
}

function attrsOf({ kernelSize, stride, padding, dilation, ceilMode = false }: Window) {
  return {
    kernelSize,
    stride,
    padding: padding ?? ([0, 0, 0, 0] as const),
    dilation: dilation ?? ([1, 1] as const),
    ceilMode,
  };
}

export const pools = [
  cases({
    op: maxPool2d,
    reference({ x }, { kernelSize, stride, padding, dilation, ceilMode }) {
      const [y, index]: [number[], number[]] = [[], []];
      const [height, width] = [x.shape[1]!, x.shape[2]!];
      const rows = [kernelSize[0], stride[0], padding[0], padding[2], dilation[0]];
      const columns = [kernelSize[1], stride[1], padding[3], padding[1], dilation[1]];
      forEachWindow(
        x,
        ranges(height, rows, ceilMode),
        ranges(width, columns, ceilMode),
        (at, [top, bottom], [left, right]) => {
          let [most, place] = [-Infinity, -1];
          for (let h = top; h < bottom; h += dilation[0]) {
            for (let w = left; w < right; w += dilation[1]) {
              if (h < 0 || h >= height || w < 0 || w >= width) continue;
              const value = x.values[at(h, w)]!;
              if (value > most || place < 0) [most, place] = [value, h * width + w];
            }
          }
          y.push(most);
          index.push(place);
        },
      );
      return { y, index };
    },
    tolerance: 0,
    gradientTolerance: 1e-6,
    rows: [
      ...Object.entries(windows).map(([name, window]) => ({
        name,
        inputs: { x: f32(window.x, distinct) },
        attrs: attrsOf(window),
      })),
      ...Object.entries({ halves, 'all equal': constant(-2) }).map(([name, values]) => ({
        name: `ties, ${name}: the first wins`,
        inputs: { x: f32([2, 7, 6, 5], values) },
        attrs: attrsOf(windows['3×3 at stride 2, padded']!),
        kink: true,
      })),
      {
        name: 'dilated',
        inputs: { x: f32([1, 7, 8, 3], distinct) },
        attrs: attrsOf({
          x: [],
          kernelSize: [3, 2],
          stride: [2, 1],
          padding: one,
          dilation: [2, 3],
        }),
      },
    ],
  }),
  cases({
    op: avgPool2d,
    reference({ x }, { kernelSize, stride, padding, ceilMode, countIncludePad }) {
      const y: number[] = [];
      const [height, width] = [x.shape[1]!, x.shape[2]!];
      const rows = ranges(height, [kernelSize[0], stride[0], padding[0], padding[2]], ceilMode);
      const columns = ranges(width, [kernelSize[1], stride[1], padding[3], padding[1]], ceilMode);
      forEachWindow(x, rows, columns, (at, row, column) => {
        const { sum, count } = sumOver(x, at, row, column);
        // Zeros beyond the padding, where a last window hangs over, never count.
        const padded =
          (Math.min(row[1], height + padding[2]) - row[0]) *
          (Math.min(column[1], width + padding[1]) - column[0]);
        y.push(sum / (countIncludePad ? padded : count));
      });
      return { y };
    },
    tolerance: 1e-6,
    rows: Object.entries(windows).flatMap(([name, window]) =>
      [true, false].map((countIncludePad) => {
        const { kernelSize, stride, padding, ceilMode } = attrsOf(window);
        return {
          name: countIncludePad ? name : `${name}, padding not counted`,
          inputs: { x: f32(window.x, uniform()) },
          attrs: { kernelSize, stride, padding, ceilMode, countIncludePad },
        };
      }),
    ),
  }),
  cases({
    op: adaptiveAvgPool2d,
    reference: ({ x }, { outputSize }) => ({ y: adaptive(x, outputSize) }),
    tolerance: 1e-6,
    rows: (
      [
        ['even', [1, 8, 6, 5], [4, 3]],
        ['uneven', [1, 7, 5, 5], [3, 2]],
        ['enlarging', [1, 3, 2, 5], [7, 7]],
        ['to a pixel', [2, 4, 3, 5], [1, 1]],
        ['several chunks', [4, 28, 27, 17], [7, 5]],
      ] as const
    ).map(([name, shape, outputSize]) => ({
      name,
      inputs: { x: f32(shape, uniform()) },
      attrs: { outputSize },
    })),
  }),
  cases({
    op: globalAvgPool2d,
    reference: ({ x }) => ({ y: adaptive(x, [1, 1]) }),
    tolerance: 1e-6,
    rows: (
      [
        ['images', [3, 4, 5, 6]],
        ['a single pixel', [2, 1, 1, 9]],
        ['several chunks', [6, 20, 21, 17]],
      ] as const
    ).map(([name, shape]) => ({ name, inputs: { x: f32(shape, uniform()) }, attrs: {} })),
  }),
];
