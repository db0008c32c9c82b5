import { channelsOf, pixelsOf, sizeOf } from '../base/shape.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectType } from './expect.ts';
import type { Op } from './op.ts';

/** `y = max(x, 0)`; a NaN stays a NaN. */
export const relu: Op<object> = {
  name: 'relu',
  inPlace: [[0, 0]],
  infer([x]) {
    expectType('relu', 'input', x!, 'f32');
    return [{ shape: x!.shape, dtype: 'f32' }];
  },
  lower(to, [x], [y]) {
    to.step({
      kernel: 'relu.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(x!.shape)),
      args: {
        x: x!.pointer,
        xStride: x!.stride,
        y: y!.pointer,
        yStride: y!.stride,
        pixels: pixelsOf(x!.shape),
        channels: channelsOf(x!.shape),
      },
    });
  },
  gradient: (apply, { outputs, dys }) => apply(reluBackward, [dys[0]!, outputs[0]!], {}),
};

/** `dx = dy` where `y > 0`, else 0; inputs dy, y. */
export const reluBackward: Op<object> = {
  name: 'reluBackward',
  inPlace: [[0, 0]],
  infer: ([dy]) => [{ shape: dy!.shape, dtype: 'f32' }],
  lower(to, [dy, y], [dx]) {
    to.step({
      kernel: 'relu.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dy!.shape)),
      args: {
        dy: dy!.pointer,
        dyStride: dy!.stride,
        y: y!.pointer,
        yStride: y!.stride,
        dx: dx!.pointer,
        dxStride: dx!.stride,
        pixels: pixelsOf(dy!.shape),
        channels: channelsOf(dy!.shape),
      },
    });
  },
};
