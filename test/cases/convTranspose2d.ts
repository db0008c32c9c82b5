import type { Pair, Sides } from '../../ts/ops/conv2d/geometry.ts';
import {
  convTranspose2d,
  type ConvTranspose2dAttrs,
  type ConvTranspose2dInputs,
} from '../../ts/ops/convTranspose2d.ts';
import type { Of } from '../../ts/ops/places.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64, type Row } from './case.ts';
import { uniform } from './generators.ts';

interface Geometry {
  readonly x: Shape;
  /** `[KH, KW, O/groups, C]`. */
  readonly w: Shape;
  readonly stride?: Pair;
  /** Top, right, bottom, left. */
  readonly padding?: Sides;
  readonly outputPadding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
  readonly bias?: boolean;
}

function row(name: string, geometry: Geometry): Row<ConvTranspose2dInputs, ConvTranspose2dAttrs> {
  const { x, w, stride = [1, 1], padding = [0, 0, 0, 0], outputPadding = [0, 0] } = geometry;
  const { dilation = [1, 1], groups = 1, bias = false } = geometry;
  const inputs = {
    x: f32(x, uniform()),
    w: f32(w, uniform()),
    bias: bias ? f32([w[2]! * groups], uniform()) : undefined,
  };
  return { name, inputs, attrs: { stride, padding, outputPadding, dilation, groups } };
}

/** Each pixel of x adds its multiple of the weights to the output: `y[iy·s + kh·d - p, …, o] += x[iy, …, c]·w[kh, kw, o, c]`. */
function naive(
  { x, w, bias }: Of<ConvTranspose2dInputs, Array64>,
  { stride: s, padding: p, outputPadding, dilation: d, groups }: ConvTranspose2dAttrs,
): { y: Float64Array } {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [kh, kw, depth] = w.shape as [number, number, number, number];
  const outChannels = depth * groups;
  const outHeight = (height - 1) * s[0] - p[0] - p[2] + d[0] * (kh - 1) + 1 + outputPadding[0];
  const outWidth = (width - 1) * s[1] - p[1] - p[3] + d[1] * (kw - 1) + 1 + outputPadding[1];
  const y = new Float64Array(batch * outHeight * outWidth * outChannels);
  if (bias) for (let at = 0; at < y.length; at++) y[at] = bias.values[at % outChannels]!;
  x.values.forEach((value, at) => {
    const [c, pixel] = [at % channels, Math.floor(at / channels)];
    const [ix, iy] = [pixel % width, Math.floor(pixel / width) % height];
    const image = Math.floor(pixel / width / height);
    const first = Math.floor((c * groups) / channels) * depth;
    for (let i = 0; i < kh; i++) {
      const oy = iy * s[0] + i * d[0] - p[0];
      if (oy < 0 || oy >= outHeight) continue;
      for (let j = 0; j < kw; j++) {
        const ox = ix * s[1] + j * d[1] - p[3];
        if (ox < 0 || ox >= outWidth) continue;
        const to = ((image * outHeight + oy) * outWidth + ox) * outChannels + first;
        for (let o = 0; o < depth; o++) {
          y[to + o]! += value * w.values[((i * kw + j) * depth + o) * channels + c]!;
        }
      }
    }
  });
  return { y };
}

const one: Sides = [1, 1, 1, 1];

export const transposed = [
  cases({
    op: convTranspose2d,
    reference: naive,
    tolerance: 2e-6,
    gradientTolerance: 5e-6,
    rows: [
      row('2×2 at stride 2', { x: [2, 5, 3, 8], w: [2, 2, 4, 8], stride: [2, 2], bias: true }),
      row('3×3', { x: [2, 5, 4, 3], w: [3, 3, 9, 3], padding: one, bias: true }),
      row('stride 2 and output padding', {
        x: [1, 5, 6, 4],
        w: [3, 3, 6, 4],
        stride: [2, 2],
        padding: one,
        outputPadding: [1, 0],
      }),
      row('dilation 2 at stride 2', {
        x: [1, 4, 5, 3],
        w: [3, 3, 5, 3],
        stride: [2, 2],
        padding: [2, 1, 0, 3],
        dilation: [2, 2],
        bias: true,
      }),
      row('stride beyond the kernel', {
        x: [1, 3, 4, 5],
        w: [2, 1, 6, 5],
        stride: [3, 2],
        outputPadding: [2, 1],
        bias: true,
      }),
      row('groups', {
        x: [2, 4, 3, 8],
        w: [4, 4, 3, 8],
        stride: [2, 2],
        padding: one,
        groups: 4,
        bias: true,
      }),
      row('depthwise', {
        x: [1, 5, 7, 13],
        w: [3, 3, 1, 13],
        stride: [2, 2],
        padding: one,
        outputPadding: [1, 1],
        groups: 13,
        bias: true,
      }),
      row('1×1', { x: [2, 3, 4, 6], w: [1, 1, 9, 6], bias: true }),
      row('many tiles', { x: [4, 8, 8, 16], w: [3, 3, 16, 16], padding: one, bias: true }),
      row('many chunks', {
        x: [2, 16, 16, 12],
        w: [2, 2, 20, 12],
        stride: [2, 2],
        bias: true,
      }),
    ],
  }),
];
