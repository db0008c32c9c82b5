import { goldenTensor } from './generator.ts';
import { readGolden } from './readGolden.ts';
import type { GoldenArray } from './readGolden.ts';

/** One case of an op's golden file; everything in torch's layout. */
export interface GoldenCase {
  readonly name: string;
  /** Generated inputs: `x`, `w`, `b`, `weight`, `running_mean`, … */
  readonly inputs: Readonly<Record<string, { shape: readonly number[]; values: Float32Array }>>;
  /** Generated gradient by the output `y`, for cases that have gradients. */
  readonly dy: Float32Array | undefined;
  /** f64 outputs and gradients: `y`, `dx`, `dw`, … */
  readonly expected: Readonly<Record<string, GoldenArray>>;
  /** Relative norm of the error of torch's own f32, by array. */
  readonly f32Error: Readonly<Record<string, number>>;
  /** The op's options under our names; padding of conv2d is `[top, bottom, left, right]`. */
  readonly options: Readonly<Record<string, unknown>>;
}

interface CaseFacts {
  readonly inputs: Record<string, { shape: number[]; scale: number; shift: number }>;
  readonly f32Error: Record<string, number>;
}

/** All cases of `test/golden/ops/<op>.safetensors`. */
export function goldenCases(op: string): GoldenCase[] {
  const golden = readGolden(`ops/${op}.safetensors`);
  const cases = Object.entries(golden.fact<Record<string, CaseFacts>>('cases'));
  return cases.map(([name, { inputs, f32Error, ...options }]) => {
    const place = `${op}/${name}`;
    const y = golden.arrays.get(`${name}/y`);
    return {
      name,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([input, { shape, scale, shift }]) => [
          input,
          { shape, values: goldenTensor(`${place}/${input}`, shape, scale, shift) },
        ]),
      ),
      dy: y && goldenTensor(`${place}/dy`, y.shape),
      expected: Object.fromEntries(
        Object.keys(f32Error).map((array) => [array, golden.array(`${name}/${array}`)]),
      ),
      f32Error,
      options,
    };
  });
}
