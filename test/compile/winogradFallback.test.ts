import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { winogradError } from '../../ts/compile/winogradError.ts';
import { apply } from '../../ts/core/apply.ts';
import { parameter } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { globalAvgPool2d } from '../../ts/functions/globalAvgPool2d.ts';
import { resnet18 } from '../../ts/models/resnetRecipes.ts';
import { conv2d as conv2dOp } from '../../ts/ops/conv2d/conv2d.ts';
import { convErrorBound } from '../../ts/ops/conv2d/errorBound.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd', { numerics: 'fast' });
useEngine(engine);
afterAll(() => engine.close());

const x = { shape: [1, 16, 16, 32], dtype: 'f32' } as const;

/** A weight `[3, 3, 32, 32]`, and one whose channels are large and cancel each other on equal inputs. */
function weights(cancelling: boolean): Tensor {
  const weight = parameter([3, 3, 32, 32]);
  const values = goldenTensor('winograd.weight', [3, 3, 32, 32]);
  const large = (tap: number, c: number): number => (c % 2 ? -1 : 1) * 1000 * (1 + tap);
  weight.write(values.map((value, i) => value + (cancelling ? large(i >> 10, (i >> 5) % 32) : 0)));
  return weight;
}

const kernelsOf = (weight: Tensor): string => {
  using plan = compile((image) => conv2d(image, weight, { padding: 1 }), [x], { recording: false });
  return String(planRows(plan).flatMap(({ kernels }) => kernels));
};

describe('Winograd where its error would exceed the bound', () => {
  it('gives way to implicit GEMM for weights that cancel each other', () => {
    const weight = weights(true);
    expect(winogradError(engine, weight)).toBeGreaterThan(convErrorBound(9 * 32));
    expect(kernelsOf(weight)).toBe('conv2d.forward.f32/implicit_gemm');
  });

  it('is kept for ordinary weights', () => {
    const weight = weights(false);
    expect(winogradError(engine, weight)).toBeLessThan(convErrorBound(9 * 32));
    expect(kernelsOf(weight)).toBe('conv2d.forward.f32/winograd_4x4');
  });

  it('gives way for weights that are not numbers, or too large for the transform', () => {
    for (const value of [Number.NaN, 3e38]) {
      const weight = parameter([3, 3, 32, 32]);
      weight.write(new Float32Array(9 * 32 * 32).fill(value));
      expect(kernelsOf(weight)).toBe('conv2d.forward.f32/implicit_gemm');
    }
  });

  it('is not taken in the place of an algorithm that was asked for', () => {
    const weight = weights(false);
    const unpadded = {
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      dilation: [1, 1],
      groups: 1,
    } as const;
    for (const algorithm of ['im2col', 'winograd_2x2'] as const) {
      const attrs = { ...unpadded, relu: false, algorithm };
      using plan = compile((image) => apply(conv2dOp, { x: image, w: weight }, attrs).y, [x], {
        recording: false,
      });
      const kernels = planRows(plan).flatMap((row) => row.kernels);
      expect(kernels).toEqual([`conv2d.forward.f32/${algorithm}`]);
    }
  });

  it('is kept in a plan that changes the weights', () => {
    const weight = weights(true);
    const optimizer = new SGD([weight], { lr: 0.01 });
    using plan = compile(
      (image, labels) => {
        const loss = crossEntropy(globalAvgPool2d(conv2d(image, weight, { padding: 1 })), labels);
        optimizer.step(gradients(loss, [weight]));
        return loss;
      },
      [x, { shape: [1], dtype: 'i32' }],
    );
    expect(plan.toString()).toContain('conv2d.forward.f32/winograd_4x4');
    optimizer.dispose();
  });

  it('keeps half the bound in reserve in every layer of a new ResNet-18, and gives its memory back', () => {
    const model = resnet18({ seed: 1 });
    const layers = [...model.parameters().values()].filter(
      ({ shape: [height, width, depth] }) => height === 3 && width === 3 && depth! >= 12,
    );
    const before = engine.usedBytes;
    expect(layers.length).toBe(16);
    for (const weight of layers) {
      expect(winogradError(engine, weight)).toBeLessThan(convErrorBound(9 * weight.shape[2]!) / 2);
    }
    expect(engine.usedBytes - before).toBeLessThan(1e5);
    model.dispose();
  });
});
