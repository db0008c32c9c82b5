import { parameter } from '../ts/core/create.ts';
import { useEngine } from '../ts/core/init.ts';
import { conv2d } from '../ts/functions/conv2d.ts';
import { compiledCase, type BenchCase } from '../ts/inspect/benchCase.ts';
import type { Engine } from '../ts/kernels/engine.ts';

/** Products of the 1×1 convolutions of ResNet-50 and two square ones: [m, n, k]. */
const SIZES: readonly (readonly [m: number, n: number, k: number])[] = [
  [512, 512, 512],
  [1024, 1024, 1024],
  [3136, 64, 256],
  [784, 512, 128],
  [196, 1024, 256],
  [196, 256, 1024],
  [49, 2048, 512],
];

/** Matrix products as 1×1 convolutions, weights packed before. */
export function gemmCases(engine: Engine): BenchCase[] {
  useEngine(engine);
  return SIZES.map(([m, n, k]) => {
    const weight = parameter([1, 1, k, n]);
    weight.write(Float32Array.from({ length: k * n }, (_, i) => ((i * 31) % 17) / 16 - 0.5));
    const settings = { name: 'gemm', pass: 'forward', facts: { m, n, k, batch: 1 } };
    return compiledCase(engine, settings, (x) => conv2d(x, weight), [
      { shape: [1, 1, m, k], dtype: 'f32' },
    ]);
  });
}
