import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { parameter } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { useEngine } from '../../ts/core/init.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { dot } from '../../ts/functions/dot.ts';
import { convErrorBound } from '../../ts/ops/conv2d/errorBound.ts';
import { goldenTensor } from '../golden/generator.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd', { numerics: 'fast' });
useEngine(engine);
afterAll(() => engine.close());

/** A convolution of square images by a square kernel with the padding that keeps their size, unless it is told. */
interface Problem {
  readonly batch?: number;
  readonly side: number;
  readonly from: number;
  readonly to: number;
  readonly kernel?: number;
  readonly stride?: number;
  readonly padding?: number;
}

/** Variants of the kernels of a plan for the convolution, those of packing left out: forward, then its gradients. */
function variants(problem: Problem, training: boolean): string[] {
  const { batch = 1, side, from, to, kernel = 3, stride = 1 } = problem;
  const { padding = (kernel - 1) / 2 } = problem;
  const shape = [kernel, kernel, from, to];
  const weight = parameter(shape);
  weight.write(goldenTensor('convAlgorithm.weight', shape));
  const specs = [{ shape: [batch, side, side, from], dtype: 'f32' }] as const;
  using plan = compile(
    (x) => {
      const y = conv2d(x, weight, { stride, padding });
      return training ? gradients(dot(y, y), [weight]) : y;
    },
    specs,
    { recording: training },
  );
  const kernels = planRows(plan).flatMap((row) => row.kernels);
  weight.dispose();
  return kernels.filter((name) => name.startsWith('conv2d.')).map((name) => name.split('/')[1]!);
}

describe('a convolution of a plan for inference takes', () => {
  it.each<[string, string, Problem]>([
    ['pointwise', 'a 1×1 kernel', { side: 8, from: 32, to: 32, kernel: 1 }],
    ['pointwise', 'one with a stride', { side: 8, from: 32, to: 32, kernel: 1, stride: 2 }],
    ['implicit_gemm', 'one with padding', { side: 8, from: 32, to: 32, kernel: 1, padding: 1 }],
    ['winograd_4x4', 'four tiles', { side: 8, from: 32, to: 32 }],
    ['winograd_4x4', 'few channels', { side: 8, from: 12, to: 12 }],
    ['implicit_gemm', 'fewer in channels', { side: 8, from: 8, to: 12 }],
    ['implicit_gemm', 'fewer out channels', { side: 8, from: 12, to: 8 }],
    ['winograd_4x4', 'no whole vectors but whole fours', { side: 8, from: 20, to: 20 }],
    ['implicit_gemm', 'no whole fours', { side: 8, from: 18, to: 20 }],
    ['winograd_2x2', 'one tile of 4×4', { side: 4, from: 32, to: 32 }],
    ['implicit_gemm', 'one tile of 2×2', { side: 2, from: 32, to: 32 }],
    ['winograd_4x4_lean', 'four tiles, many outputs', { side: 8, from: 32, to: 128 }],
    ['winograd_4x4', 'four tiles, fewer outputs', { side: 8, from: 32, to: 124 }],
    ['winograd_4x4_lean', '16 tiles, 2¹⁶ weights', { side: 16, from: 256, to: 256 }],
    ['winograd_4x4', '25 tiles, 2¹⁶ weights', { side: 20, from: 256, to: 256 }],
    ['winograd_4x4', '16 tiles, fewer weights', { side: 16, from: 252, to: 256 }],
    ['winograd_4x4_lean', '64 tiles, 2¹⁸ weights', { side: 32, from: 512, to: 512 }],
    ['winograd_4x4', '81 tiles, 2¹⁸ weights', { side: 36, from: 512, to: 512 }],
    ['winograd_4x4', 'more channels than tiles in cache', { side: 8, from: 516, to: 128 }],
    ['winograd_2x2_strided', 'a stride of 2', { side: 16, from: 32, to: 32, stride: 2 }],
    ['implicit_gemm', 'that and few channels', { side: 16, from: 28, to: 32, stride: 2 }],
    ['implicit_gemm', 'a stride of 3', { side: 16, from: 32, to: 32, stride: 3 }],
    ['implicit_gemm', 'a 5×5 kernel', { side: 16, from: 32, to: 32, kernel: 5 }],
    ['positions', 'taps outside', { batch: 8, side: 4, from: 128, to: 32, kernel: 5 }],
    ['implicit_gemm', 'fewer images', { batch: 7, side: 4, from: 128, to: 32, kernel: 5 }],
    ['implicit_gemm', 'fewer of them', { batch: 8, side: 4, from: 124, to: 32, kernel: 5 }],
    ['implicit_gemm', 'few taps outside', { batch: 8, side: 60, from: 128, to: 8, kernel: 5 }],
  ])('%s for %s', (expected, _, problem) => {
    expect(variants(problem, false)).toEqual([expected]);
  });
});

describe('a convolution that is trained takes', () => {
  it.each<[string, string, Problem]>([
    ['winograd_4x4', '16 tiles', { side: 16, from: 32, to: 32 }],
    ['implicit_gemm', 'nine tiles, as nobody looks at the error', { side: 12, from: 32, to: 32 }],
    ['implicit_gemm', '16 tiles of 2×2', { batch: 16, side: 2, from: 32, to: 32 }],
    ['winograd_4x4_lean', '16 tiles of 2¹⁶ weights', { side: 16, from: 256, to: 256 }],
    ['winograd_2x2_strided', 'a stride of 2', { side: 16, from: 32, to: 32, stride: 2 }],
  ])('%s for %s', (expected, _, problem) => {
    expect(variants(problem, true)[0]).toBe(expected);
  });

  it.each<[string, string, Problem]>([
    ['winograd_4x4', '16 tiles', { side: 16, from: 32, to: 32 }],
    ['outer_product', 'few tiles and channels', { side: 8, from: 32, to: 32 }],
    ['taps', 'few tiles of 64 channels', { side: 8, from: 64, to: 64 }],
    ['outer_product', 'few tiles, a side of fewer', { side: 8, from: 60, to: 64 }],
    ['taps', 'a 1×1 kernel', { side: 8, from: 4, to: 8, kernel: 1 }],
    ['outer_product', 'a 1×1 kernel without whole vectors', { side: 8, from: 4, to: 4, kernel: 1 }],
  ])('%s for the gradient of weights with %s', (expected, _, problem) => {
    expect(variants(problem, true).at(-1)).toBe(expected);
  });
});

it('grows its bound of errors with the root of the number of products beyond 576', () => {
  expect([9 * 4, 576, 4 * 576, 16 * 576].map(convErrorBound)).toEqual([2e-6, 2e-6, 4e-6, 8e-6]);
});
