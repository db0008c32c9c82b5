import { describe, expect, it } from 'vitest';
import { goldenCases } from './opCases.ts';

/** x · wᵀ + b in f64, to show that generated inputs and stored outputs belong together. */
function linear(x: Float32Array, w: Float32Array, b: Float32Array | undefined, size: number) {
  const outs = w.length / size;
  return Float64Array.from({ length: (x.length / size) * outs }, (_, i) => {
    const [row, out] = [Math.floor(i / outs), i % outs];
    let sum = b?.[out] ?? 0;
    for (let k = 0; k < size; k++) sum += x[row * size + k]! * w[out * size + k]!;
    return sum;
  });
}

describe('golden cases', () => {
  it.each(goldenCases('linear'))('linear $name: y = x · wᵀ + b', ({ inputs, expected }) => {
    const { x, w, b } = inputs;
    const y = linear(x!.values, w!.values, b?.values, x!.shape[1]!);
    expected.y!.values.forEach((value, i) => expect(y[i]).toBeCloseTo(value, 12));
  });

  it.each(['conv2d', 'batchNorm', 'maxPool2d', 'avgPool2d', 'adaptiveAvgPool2d', 'linear'])(
    '%s: gradients have the shapes of their inputs',
    (op) => {
      for (const { name, inputs, dy, expected } of goldenCases(op)) {
        expect(dy?.length, name).toBe(expected.y!.values.length);
        for (const [input, { shape }] of Object.entries(inputs)) {
          if (!input.startsWith('running')) expect(expected[`d${input}`]!.shape).toEqual(shape);
        }
      }
    },
  );

  it.each(['sgd', 'adamw'])('%s: three steps are stored', (op) => {
    for (const { inputs, dy, expected } of goldenCases(op)) {
      expect(dy).toBeUndefined();
      expect(Object.keys(inputs)).toEqual(['p', 'g1', 'g2', 'g3']);
      expect(Object.keys(expected)).toEqual(expect.arrayContaining(['p1', 'p2', 'p3']));
    }
  });
});
