import { concat } from '../../ts/ops/concat.ts';
import { copy } from '../../ts/ops/copy.ts';
import { reshape } from '../../ts/ops/reshape.ts';
import { padChannels, sliceChannels } from '../../ts/ops/sliceChannels.ts';
import { subsamplePad } from '../../ts/ops/subsamplePad.ts';
import { cases, f32, i32, type Array64 } from './case.ts';
import { labels, uniform } from './generators.ts';

/** Rows of channels. */
function pixelsOf({ shape, values }: Array64): Float64Array[] {
  const channels = shape.at(-1)!;
  return Array.from({ length: values.length / channels }, (_, p) =>
    values.subarray(p * channels, (p + 1) * channels),
  );
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0);
const random = uniform();

/** Ops that only move numbers: the gradients' tolerance is that of the finite differences. */
const moves = { tolerance: 0, gradientTolerance: 1e-6 };

export const channels = [
  cases({
    op: copy,
    reference: ({ x }) => ({ y: x.values }),
    ...moves,
    rows: [
      { name: 'images', inputs: { x: f32([2, 3, 5, 6], random) }, attrs: {} },
      { name: 'several chunks', inputs: { x: f32([3, 40, 41, 17], random) }, attrs: {} },
      { name: 'integers', inputs: { x: i32([5, 3], labels(1000)) }, attrs: {} },
    ],
  }),
  cases({
    op: reshape,
    reference: ({ x }) => ({ y: x.values }),
    ...moves,
    rows: [
      { name: 'flatten', inputs: { x: f32([2, 3, 5, 6], random) }, attrs: { shape: [2, 90] } },
      { name: 'to a scalar', inputs: { x: f32([1, 1], random) }, attrs: { shape: [] } },
      { name: 'integers', inputs: { x: i32([6], labels(1000)) }, attrs: { shape: [2, 3] } },
    ],
  }),
  cases({
    op: concat,
    reference({ parts }) {
      const [first, ...others] = parts.map(pixelsOf);
      const y = first!.flatMap((row, p) => [...row, ...others.flatMap((other) => [...other[p]!])]);
      return { y };
    },
    ...moves,
    rows: [
      { name: 'one', inputs: { parts: [f32([2, 3], random)] }, attrs: {} },
      {
        name: 'three widths',
        inputs: {
          parts: [f32([2, 3, 4, 5], random), f32([2, 3, 4, 1], random), f32([2, 3, 4, 8], random)],
        },
        attrs: {},
      },
      {
        name: 'several chunks',
        inputs: { parts: [f32([2, 40, 41, 12], random), f32([2, 40, 41, 7], random)] },
        attrs: {},
      },
    ],
  }),
  cases({
    op: sliceChannels,
    reference: ({ x }, { start, channels }) => ({
      y: pixelsOf(x).flatMap((row) => [...row.subarray(start, start + channels)]),
    }),
    ...moves,
    rows: [
      {
        name: 'middle',
        inputs: { x: f32([2, 3, 4, 9], random) },
        attrs: { start: 2, channels: 5 },
      },
      { name: 'last', inputs: { x: f32([7, 4], random) }, attrs: { start: 3, channels: 1 } },
      { name: 'all', inputs: { x: f32([7, 4], random) }, attrs: { start: 0, channels: 4 } },
    ],
  }),
  cases({
    op: padChannels,
    reference: ({ x }, { before, after }) => ({
      y: pixelsOf(x).flatMap((row) => [...zeros(before), ...row, ...zeros(after)]),
    }),
    ...moves,
    rows: [
      {
        name: 'both sides',
        inputs: { x: f32([2, 3, 4, 5], random) },
        attrs: { before: 3, after: 2 },
      },
      { name: 'before', inputs: { x: f32([7, 4], random) }, attrs: { before: 4, after: 0 } },
      { name: 'nothing', inputs: { x: f32([7, 4], random) }, attrs: { before: 0, after: 0 } },
    ],
  }),
  cases({
    op: subsamplePad,
    reference({ x }, { stride, before, after }) {
      const [batch, height, width] = x.shape as [number, number, number];
      const rows = pixelsOf(x);
      const y: number[] = [];
      for (let n = 0; n < batch; n++) {
        for (let h = 0; h < height; h += stride) {
          for (let w = 0; w < width; w += stride) {
            y.push(...zeros(before), ...rows[(n * height + h) * width + w]!, ...zeros(after));
          }
        }
      }
      return { y };
    },
    ...moves,
    rows: [
      {
        name: 'shortcut A',
        inputs: { x: f32([2, 6, 8, 4], random) },
        attrs: { stride: 2, before: 2, after: 2 },
      },
      {
        name: 'odd sizes',
        inputs: { x: f32([2, 7, 5, 3], random) },
        attrs: { stride: 2, before: 1, after: 2 },
      },
      {
        name: 'stride 3',
        inputs: { x: f32([1, 8, 7, 3], random) },
        attrs: { stride: 3, before: 0, after: 1 },
      },
      {
        name: 'stride alone',
        inputs: { x: f32([1, 4, 4, 5], random) },
        attrs: { stride: 2, before: 0, after: 0 },
      },
      {
        name: 'channels alone',
        inputs: { x: f32([1, 4, 4, 5], random) },
        attrs: { stride: 1, before: 2, after: 1 },
      },
      {
        name: 'several chunks',
        inputs: { x: f32([4, 56, 56, 16], random) },
        attrs: { stride: 2, before: 8, after: 8 },
      },
    ],
  }),
];
