import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { parameter, tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { scope } from '../../ts/core/scope.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import {
  add,
  clip,
  concat,
  conv2d,
  depthwiseConv2d,
  multiply,
  relu,
  relu6,
  silu,
} from '../../ts/functions/index.ts';
import { goldenTensor } from '../golden/generator.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(
  builds.map((build) =>
    engineOn(build, { numerics: 'fast', threads: build.includes('threads') ? 2 : 1 }),
  ),
);
afterAll(() => engines.forEach((engine) => engine.close()));

interface Case {
  readonly name: string;
  readonly algorithm: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
}

/** One for each kernel, of sizes that fill neither its tiles nor its vectors. */
const CASES: readonly Case[] = [
  { name: 'pointwise', algorithm: 'pointwise', x: [2, 9, 7, 12], w: [1, 1, 12, 37] },
  {
    name: 'strided pointwise',
    algorithm: 'pointwise',
    x: [2, 9, 7, 12],
    w: [1, 1, 12, 20],
    stride: 2,
  },
  {
    name: 'implicit GEMM',
    algorithm: 'implicit_gemm',
    x: [2, 17, 11, 3],
    w: [5, 5, 3, 24],
    stride: 2,
    padding: 2,
  },
  {
    name: 'groups',
    algorithm: 'implicit_gemm',
    x: [2, 9, 10, 8],
    w: [3, 3, 4, 18],
    padding: 1,
    groups: 2,
  },
  {
    name: 'depthwise',
    algorithm: 'depthwise',
    x: [3, 13, 9, 53],
    w: [3, 3, 1, 53],
    padding: 1,
    groups: 53,
  },
  { name: 'F(4×4)', algorithm: 'winograd_4x4', x: [2, 22, 19, 16], w: [3, 3, 16, 148], padding: 1 },
  { name: 'F(2×2)', algorithm: 'winograd_2x2', x: [64, 2, 2, 32], w: [3, 3, 32, 20], padding: 1 },
  {
    name: 'strided F(2×2)',
    algorithm: 'winograd_2x2_strided',
    x: [2, 29, 27, 64],
    w: [3, 3, 64, 72],
    stride: 2,
    padding: 1,
  },
  {
    name: 'lean F(4×4)',
    algorithm: 'winograd_4x4_lean',
    x: [1, 7, 7, 256],
    w: [3, 3, 256, 260],
    padding: 1,
  },
  {
    name: 'small maps',
    algorithm: 'positions',
    x: [64, 2, 2, 256],
    w: [3, 3, 256, 260],
    stride: 2,
    padding: 1,
  },
];

/** A case's convolution, with weights of its own. */
function convolution({ name, w, stride = 1, padding = 0, groups = 1 }: Case) {
  const weight = parameter(w);
  weight.write(goldenTensor(`${name}.w`, w, 0.3));
  const isDepthwise = groups === w.at(-1);
  const options = { stride, padding, ...(groups > 1 && !isDepthwise && { groups }) };
  return (t: Tensor): Tensor =>
    isDepthwise ? depthwiseConv2d(t, weight, options) : conv2d(t, weight, options);
}

describe.each(engines)('what follows a convolution on $build', (engine) => {
  it.each(CASES)('$name: it has the bits of both ops by themselves', async (test) => {
    const { name, algorithm, x, w } = test;
    useEngine(engine);
    const convolve = convolution(test);
    const channels = w.at(-1)!;
    const scale = parameter([channels]);
    scale.write(goldenTensor(`${name}.scale`, [channels]));
    const forward = (t: Tensor, gate: Tensor, other: Tensor): Tensor =>
      add(multiply(silu(multiply(convolve(t), scale)), gate), other);
    const y = scope(() => noGrad(() => convolve(tensor(goldenTensor('x', x), x)).shape));
    const gate = [x[0]!, 1, 1, channels];
    const values = [x, gate, y].map((shape, i) => goldenTensor(`${name}.${i}`, shape));
    const specs = [x, gate, y].map((shape) => ({ shape, dtype: 'f32' as const }));
    const run = async (
      fn: (t: Tensor, gate: Tensor, other: Tensor) => Tensor,
    ): Promise<{ kernels: string[]; bits: Uint32Array }> => {
      using plan = compile(fn, specs, { recording: false });
      const [made] = await plan.run(...(values as [Float32Array]));
      const kernels = planRows(plan).flatMap((row) => row.kernels);
      return { kernels, bits: new Uint32Array(made!.slice().buffer) };
    };
    const fused = await run(forward);
    const conv = `conv2d.forward.f32/${algorithm}`;
    const map = `map.forward.f32/${algorithm === 'positions' ? 'simd' : 'region'}`;
    expect(fused.kernels).toEqual([conv, map]);
    // A second reader keeps them apart.
    const apart = await run((...all) => {
      const h = convolve(all[0]);
      const chain = add(multiply(silu(multiply(h, scale)), all[1]), all[2]);
      return concat([chain, h]);
    });
    expect(apart.kernels).toContain('map.forward.f32/simd');
    const rows = fused.bits.length / channels;
    const first = Uint32Array.from(fused.bits, (_, i) => {
      return apart.bits[Math.floor(i / channels) * 2 * channels + (i % channels)]!;
    });
    expect(new Set(fused.bits).size).toBeGreaterThan(rows);
    expect(fused.bits).toEqual(first);
    // As channels of a wider tensor.
    const wide = await run((...all) => concat([all[2], forward(...all)]));
    const last = Uint32Array.from(fused.bits, (_, i) => {
      return wide.bits[(Math.floor(i / channels) * 2 + 1) * channels + (i % channels)]!;
    });
    expect(last).toEqual(fused.bits);
  });

  it.each(CASES)(
    '$name: a limit from 0 on costs no step, and has the bits of one by itself',
    async (test) => {
      const { algorithm, x } = test;
      useEngine(engine);
      const convolve = convolution(test);
      const values = goldenTensor('x', x, 20);
      // What is no number stays so.
      values[0] = NaN;
      const run = async (
        fn: (t: Tensor) => Tensor,
      ): Promise<{ kernels: string[]; values: Float32Array }> => {
        using plan = compile(fn, [{ shape: x, dtype: 'f32' as const }], { recording: false });
        const [made] = await plan.run(values);
        const kernels = planRows(plan).flatMap((row) => row.kernels);
        return { kernels, values: made!.slice() as Float32Array };
      };
      const conv = `conv2d.forward.f32/${algorithm}`;
      const own = algorithm.startsWith('winograd') ? [conv, 'map.forward.f32/region'] : [conv];
      const h = await run(convolve);
      expect(h.values.some(Number.isNaN)).toBe(true);
      expect(h.values.every((value) => Number.isNaN(value) || Number.isFinite(value))).toBe(true);
      const limited = (least: number, most: number): Float32Array =>
        h.values.map((value) => Math.min(Math.max(value, least), most));
      const ways: [(t: Tensor) => Tensor, Float32Array, boolean][] = [
        [(t) => relu6(convolve(t)), limited(0, 6), true],
        [(t) => clip(convolve(t), 0, 0.25), limited(0, 0.25), true],
        [(t) => clip(convolve(t), -0.25, 0.25), limited(-0.25, 0.25), false],
      ];
      const rectified = await run((t) => relu(convolve(t)));
      expect(rectified.values).toEqual(limited(0, Infinity));
      for (const [way, wanted, fromZero] of ways) {
        const made = await run(way);
        expect(made.values).toEqual(wanted);
        expect(new Set(made.values).size).toBeLessThan(new Set(h.values).size);
        if (fromZero) expect(made.kernels).toEqual(own);
        else expect(made.kernels).toHaveLength(2);
      }
    },
  );
});
