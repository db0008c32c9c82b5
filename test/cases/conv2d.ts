import { conv2d, type Conv2dAttrs, type Conv2dInputs } from '../../ts/ops/conv2d/conv2d.ts';
import type { Pair, Sides } from '../../ts/ops/conv2d/geometry.ts';
import { linear } from '../../ts/ops/linear.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64, type Row } from './case.ts';
import type { Of } from '../../ts/ops/places.ts';
import { uniform } from './generators.ts';
// Brings the depthwise kernels.
import '../../ts/functions/depthwiseConv2d.ts';

interface Geometry {
  readonly x: Shape;
  readonly w: Shape;
  readonly stride?: Pair;
  /** Top, right, bottom, left. */
  readonly padding?: Sides;
  readonly dilation?: Pair;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly residual?: Shape;
  readonly relu?: boolean;
}

function row(name: string, geometry: Geometry): Row<Conv2dInputs, Conv2dAttrs> {
  const { x, w, stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1] } = geometry;
  const { groups = 1, bias = false, residual, relu = false } = geometry;
  const inputs = {
    x: f32(x, uniform()),
    w: f32(w, uniform()),
    bias: bias ? f32([w[3]!], uniform()) : undefined,
    residual: residual && f32(residual, uniform()),
  };
  return { name, inputs, attrs: { stride, padding, dilation, groups, relu } };
}

const one: Sides = [1, 1, 1, 1];

/** `y[n, oy, ox, o] = act(Σ x[n, oy·s + kh·d - p, ox·s + kw·d - p, c]·w[kh, kw, c, o] + bias[o] + residual)`. */
function naive(
  { x, w, bias, residual }: Of<Conv2dInputs, Array64>,
  attrs: Conv2dAttrs,
): { y: Float64Array } {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [kh, kw, depth, outChannels] = w.shape as [number, number, number, number];
  const { stride: s, padding: p, dilation: d, groups } = attrs;
  const outHeight = Math.floor((height + p[0] + p[2] - d[0] * (kh - 1) - 1) / s[0]) + 1;
  const outWidth = Math.floor((width + p[1] + p[3] - d[1] * (kw - 1) - 1) / s[1]) + 1;
  const y = new Float64Array(batch * outHeight * outWidth * outChannels);
  const perGroup = outChannels / groups;
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let o = 0; o < outChannels; o++, at++) {
          let sum = (bias?.values[o] ?? 0) + (residual?.values[at] ?? 0);
          const first = Math.floor(o / perGroup) * depth;
          for (let i = 0; i < kh; i++) {
            const iy = oy * s[0] + i * d[0] - p[0];
            if (iy < 0 || iy >= height) continue;
            for (let j = 0; j < kw; j++) {
              const ix = ox * s[1] + j * d[1] - p[3];
              if (ix < 0 || ix >= width) continue;
              const pixel = ((n * height + iy) * width + ix) * channels + first;
              const tap = (i * kw + j) * depth * outChannels + o;
              for (let c = 0; c < depth; c++) {
                sum += x.values[pixel + c]! * w.values[tap + c * outChannels]!;
              }
            }
          }
          y[at] = attrs.relu ? Math.max(sum, 0) : sum;
        }
      }
    }
  }
  return { y };
}

export const products = [
  cases({
    op: conv2d,
    reference: naive,
    tolerance: 2e-6,
    gradientTolerance: 5e-6,
    rows: [
      row('3×3', { x: [2, 5, 4, 3], w: [3, 3, 3, 9], padding: one, bias: true }),
      row('valid', { x: [2, 5, 6, 2], w: [3, 3, 2, 8] }),
      row('stride 2', { x: [1, 7, 6, 4], w: [3, 3, 4, 10], stride: [2, 2], padding: one }),
      row("TensorFlow's same at stride 2", {
        x: [1, 6, 8, 3],
        w: [3, 3, 3, 7],
        stride: [2, 2],
        padding: [0, 1, 1, 0],
      }),
      row('another pad on each side', {
        x: [1, 5, 4, 3],
        w: [3, 3, 3, 4],
        padding: [2, 0, 1, 3],
      }),
      row('dilated 5×5', {
        x: [1, 10, 9, 2],
        w: [5, 5, 2, 5],
        padding: [4, 4, 4, 4],
        dilation: [2, 2],
      }),
      row('dilation 2 at stride 2', {
        x: [1, 9, 8, 3],
        w: [3, 3, 3, 4],
        stride: [2, 2],
        padding: [2, 2, 2, 2],
        dilation: [2, 2],
      }),
      row('dilation 3 at stride 2', {
        x: [1, 11, 10, 2],
        w: [3, 3, 2, 5],
        stride: [2, 2],
        padding: [3, 3, 3, 3],
        dilation: [3, 3],
      }),
      row('groups', {
        x: [2, 5, 4, 8],
        w: [3, 3, 2, 12],
        padding: one,
        groups: 4,
        bias: true,
      }),
      row('depthwise', { x: [1, 5, 5, 6], w: [3, 3, 1, 6], padding: one, groups: 6 }),
      row('depthwise at stride 2', {
        x: [1, 6, 7, 5],
        w: [3, 3, 1, 10],
        stride: [2, 2],
        padding: one,
        groups: 5,
      }),
      row('depthwise 5×5 at stride 2, bias, residual and relu', {
        x: [2, 9, 13, 29],
        w: [5, 5, 1, 29],
        stride: [2, 2],
        padding: [2, 2, 2, 2],
        groups: 29,
        bias: true,
        residual: [2, 5, 7, 29],
        relu: true,
      }),
      row('depthwise 7×7', {
        x: [1, 8, 16, 12],
        w: [7, 7, 1, 12],
        padding: [3, 3, 3, 3],
        groups: 12,
        bias: true,
      }),
      row('dilated depthwise', {
        x: [1, 9, 8, 20],
        w: [3, 3, 1, 20],
        padding: [2, 2, 2, 2],
        dilation: [2, 2],
        groups: 20,
      }),
      row('depthwise, dilation 2 at stride 2', {
        x: [1, 9, 8, 6],
        w: [3, 3, 1, 6],
        stride: [2, 2],
        padding: [2, 1, 2, 3],
        dilation: [2, 2],
        groups: 6,
      }),
      row('depthwise, stride beyond the kernel', {
        x: [1, 9, 8, 5],
        w: [2, 2, 1, 5],
        stride: [3, 3],
        groups: 5,
      }),
      row('depthwise 1×1', { x: [2, 4, 5, 7], w: [1, 1, 1, 7], groups: 7, bias: true }),
      row('depthwise, many chunks', {
        x: [2, 24, 24, 40],
        w: [3, 3, 1, 40],
        padding: one,
        groups: 40,
      }),
      row('1×1', { x: [2, 4, 5, 6], w: [1, 1, 6, 9], bias: true }),
      row('1×1 at stride 2', { x: [1, 7, 6, 6], w: [1, 1, 6, 8], stride: [2, 2] }),
      row('1×1 in groups', { x: [1, 3, 4, 6], w: [1, 1, 3, 10], groups: 2 }),
      row('1×1 with padding', { x: [1, 3, 3, 4], w: [1, 1, 4, 5], padding: one }),
      row('7×7 stem', {
        x: [1, 15, 14, 3],
        w: [7, 7, 3, 16],
        stride: [2, 2],
        padding: [3, 3, 3, 3],
      }),
      row('partial blocks of channels', { x: [1, 4, 4, 17], w: [3, 3, 17, 19], padding: one }),
      row('one channel', { x: [2, 6, 6, 1], w: [3, 3, 1, 1], padding: one }),
      row('rectangular', {
        x: [1, 7, 9, 3],
        w: [2, 3, 3, 5],
        stride: [1, 2],
        padding: [2, 3, 0, 1],
        dilation: [2, 1],
      }),
      row('even kernel', { x: [1, 6, 6, 3], w: [4, 4, 3, 6], stride: [2, 2], padding: one }),
      row('stride beyond the kernel', { x: [1, 8, 7, 3], w: [2, 2, 3, 4], stride: [3, 3] }),
      row('kernel as large as the image', { x: [3, 4, 5, 3], w: [4, 5, 3, 11] }),
      row('a single pixel', { x: [3, 1, 1, 8], w: [3, 3, 8, 8], padding: one }),
      row('bias, residual and relu', {
        x: [2, 4, 4, 5],
        w: [3, 3, 5, 9],
        padding: one,
        bias: true,
        residual: [2, 4, 4, 9],
        relu: true,
      }),
      row('1×1, residual', { x: [2, 3, 3, 4], w: [1, 1, 4, 12], residual: [2, 3, 3, 12] }),
      row('deep', { x: [2, 4, 4, 64], w: [3, 3, 64, 16], padding: one }),
      row('many tiles', { x: [4, 8, 8, 16], w: [3, 3, 16, 16], padding: one }),
      row('many tiles of odd sizes', {
        x: [3, 9, 11, 20],
        w: [3, 3, 20, 28],
        padding: [0, 1, 1, 2],
        bias: true,
        residual: [3, 8, 12, 28],
        relu: true,
      }),
      row('many small maps', { x: [9, 2, 3, 128], w: [3, 3, 128, 128], padding: one, bias: true }),
      row('many small maps at stride 2', {
        x: [8, 4, 4, 128],
        w: [3, 3, 128, 128],
        stride: [2, 2],
        padding: one,
      }),
      row('many chunks', { x: [6, 16, 16, 12], w: [3, 3, 12, 20], padding: one, bias: true }),
      row('1×1, many chunks', { x: [4, 16, 16, 32], w: [1, 1, 32, 40] }),
      row('1×1 at stride 2, many chunks', {
        x: [3, 31, 29, 12],
        w: [1, 1, 12, 24],
        stride: [2, 2],
      }),
      row('one large image', {
        x: [1, 56, 56, 4],
        w: [3, 3, 4, 8],
        stride: [2, 2],
        padding: one,
      }),
    ],
  }),
  cases({
    op: linear,
    reference({ x, w, bias }) {
      const [depth, columns] = w.shape as [number, number];
      const y = new Float64Array(x.shape[0]! * columns);
      for (let i = 0; i < y.length; i++) {
        const [r, c] = [Math.floor(i / columns), i % columns];
        y[i] = bias?.values[c] ?? 0;
        for (let k = 0; k < depth; k++) {
          y[i]! += x.values[r * depth + k]! * w.values[k * columns + c]!;
        }
      }
      return { y };
    },
    tolerance: 2e-6,
    gradientTolerance: 5e-6,
    rows: (
      [
        ['classifier', 5, 64, 10, true],
        ['without bias', 3, 8, 16, false],
        ['partial blocks', 7, 13, 11, true],
        ['one row', 1, 512, 10, true],
        ['one column', 9, 5, 1, true],
        ['many chunks', 150, 40, 70, true],
      ] as const
    ).map(([name, n, depth, columns, bias]) => ({
      name,
      attrs: {},
      inputs: {
        x: f32([n, depth], uniform()),
        w: f32([depth, columns], uniform()),
        bias: bias ? f32([columns], uniform()) : undefined,
      },
    })),
  }),
];
