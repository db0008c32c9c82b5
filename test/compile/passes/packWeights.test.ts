import { describe, it } from 'vitest';
import { packWeights } from '../../../ts/compile/passes/packWeights.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { conv, convBackwardInput } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';
// Brings the depthwise kernels.
import '../../../ts/functions/depthwiseConv2d.ts';

await useTestEngine();

const x = [1, 4, 4, 8];

describe('packWeights', () => {
  it('packs weights in a node of their own', () => {
    expectRewrite(
      packWeights,
      program({ x }, { w: [1, 1, 8, 16] }, ({ x, w }) => conv({ x, w }, { relu: true })),
      `
      t1 = conv2dPack(w) algorithm pointwise
      t2 = conv2d(x, packed: t1) relu kernelSize 1,1 outChannels 16 algorithm pointwise
      return t2
      `,
    );
  });

  it('keeps what is read besides, the geometry and an algorithm that was chosen', () => {
    expectRewrite(
      packWeights,
      program(
        { x, residual: [1, 2, 2, 16] },
        { w: [3, 3, 4, 16], scale: [16], bias: [16] },
        ({ x, w, scale, bias, residual }) =>
          conv(
            { x, w, scale, bias, residual },
            { stride: [2, 2], padding: [1, 1, 1, 1], groups: 2, algorithm: 'implicit_gemm' },
          ),
      ),
      `
      t1 = conv2dPack(w, scale) groups 2 algorithm implicit_gemm
      t2 = conv2d(x, packed: t1, bias, residual) stride 2,2 padding 1,1,1,1 groups 2 algorithm implicit_gemm kernelSize 3,3 outChannels 16
      return t2
      `,
    );
  });

  it('chooses what numerics allow', () => {
    const before = program({ x: [1, 18, 18, 16] }, { w: [3, 3, 16, 16] }, ({ x, w }) =>
      conv({ x, w }),
    );
    const packedFor = (algorithm: string): string => `
      t1 = conv2dPack(w) algorithm ${algorithm}
      t2 = conv2d(x, packed: t1) kernelSize 3,3 outChannels 16 algorithm ${algorithm}
      return t2
      `;
    expectRewrite(packWeights, before, packedFor('winograd_4x4'));
    expectRewrite((graph) => packWeights(graph, false), before, packedFor('implicit_gemm'));
  });

  it('scales those that depthwise kernels read as they are', () => {
    expectRewrite(
      packWeights,
      program({ x }, { w: [3, 3, 1, 8], scale: [8], bias: [8] }, ({ x, w, scale, bias }) =>
        conv({ x, w, scale, bias }, { groups: 8 }),
      ),
      `
      t1 = conv2dPack(w, scale) groups 8 algorithm depthwise
      t2 = conv2d(x, packed: t1, bias) groups 8 kernelSize 3,3 outChannels 8 algorithm depthwise
      return t2
      `,
    );
  });

  it.each([
    [
      'depthwise kernels, which are read as they are',
      program({ x }, { w: [3, 3, 1, 8] }, ({ x, w }) => conv({ x, w }, { groups: 8 })),
    ],
    ['other ops', program({ x }, {}, ({ x }) => relu(x))],
    [
      'gradients, whose weights change from run to run',
      program({ dy: x }, { w: [1, 1, 8, 8] }, ({ dy, w }) => convBackwardInput({ dy, w }, 4)),
    ],
  ])('leaves %s', (_, before) => expectSame(packWeights, before));
});
