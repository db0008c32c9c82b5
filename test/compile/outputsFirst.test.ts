import { afterAll, describe, expect, it } from 'vitest';
import { outputsFirst } from '../../ts/base/outputsFirst.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { compile } from '../../ts/compile/compile.ts';
import type { Plan } from '../../ts/compile/plan.ts';
import { deferredParameter, tensor } from '../../ts/core/create.ts';
import type { Source } from '../../ts/core/deferred.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { batchNorm } from '../../ts/functions/batchNorm.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
// Brings the depthwise kernels.
import '../../ts/functions/depthwiseConv2d.ts';
import { relu } from '../../ts/functions/relu.ts';
import { expectSameBits } from '../helpers/close.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd', { numerics: 'fast' });
useEngine(engine);
afterAll(() => engine.close());

const ramp = (count: number, scale: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (((i * 7) % 11) - 5) * scale);

/** Values as a file of PyTorch has them. */
class Turned implements Source {
  readonly asked: string[] = [];
  readonly #values: Float32Array;
  readonly #shape: Shape;

  constructor(values: Float32Array, shape: Shape) {
    this.#values = values;
    this.#shape = shape;
  }

  write: Source['write'] = (on, to) => {
    this.asked.push('as they are here');
    on.write(to, this.#values);
  };

  writeOutputsFirst: Source['write'] = (on, to) => {
    this.asked.push('outputs first');
    const [inputs, outputs] = this.#shape.slice(-2) as [number, number];
    on.write(to, outputsFirst(this.#values, inputs, outputs));
  };
}

interface Case {
  readonly w: Shape;
  readonly stride?: number;
  readonly groups?: number;
  /** Whether batch norm follows. */
  readonly norm?: boolean;
}

const CASES: Record<string, Case> = {
  'pointwise, panels that are not full': { w: [1, 1, 12, 13] },
  'implicit GEMM, taps in rows and columns': { w: [2, 3, 5, 24] },
  groups: { w: [3, 3, 4, 24], groups: 3 },
  'F(4×4)': { w: [3, 3, 16, 24] },
  'F(4×4) with batch norm, channels that fill no vector': { w: [3, 3, 16, 22], norm: true },
  'F(2×2) at stride 2': { w: [3, 3, 64, 64], stride: 2 },
  'plain panels with batch norm': { w: [3, 3, 4, 20], norm: true },
  'depthwise with batch norm': { w: [3, 3, 1, 20], groups: 20, norm: true },
  'depthwise, two outputs a channel, with batch norm': { w: [3, 2, 1, 20], groups: 10, norm: true },
  'groups with batch norm': { w: [3, 3, 4, 10], groups: 2, norm: true },
};

const side = 16;

function planOf(w: Tensor, { stride = 1, groups = 1, norm }: Case): Plan {
  const [inputs, outputs] = w.shape.slice(-2) as [number, number];
  const channel = (first: number): Tensor =>
    tensor(
      Float32Array.from({ length: outputs }, (_, c) => first + c / 7),
      [outputs],
    );
  const [weight, bias, runningMean, runningVar] = [1, 2, 3, 4].map(channel);
  const net = (x: Tensor): Tensor => {
    const y = conv2d(x, w, { padding: 1, stride, groups });
    if (!norm) return y;
    const settings = { weight: weight!, bias: bias!, runningMean: runningMean!, training: false };
    return relu(batchNorm(y, { ...settings, runningVar: runningVar! }));
  };
  return compile(net, [{ shape: [1, side, side, inputs * groups], dtype: 'f32' }], {
    recording: false,
  });
}

async function run(plan: Plan): Promise<Float32Array> {
  const [y] = await plan.run(ramp(side * side * plan.graph.inputs[0]!.shape[3]!, 0.1));
  return y as Float32Array;
}

async function expected(values: Float32Array, one: Case): Promise<Float32Array> {
  using w = tensor(values, one.w);
  using plan = planOf(w, one);
  return run(plan);
}

describe('weights that lie as PyTorch has them', () => {
  it.each(Object.entries(CASES))('are packed as they lie: %s', async (_, one) => {
    const size = one.w.reduce((a, b) => a * b);
    const source = new Turned(ramp(size, 0.01), one.w);
    using w = deferredParameter(one.w, source);
    using plan = planOf(w, one);
    expectSameBits([await run(plan)], [await expected(ramp(size, 0.01), one)], 'first');
    // Winograd's error is judged by values as they are here.
    expect(source.asked.at(-1)).toBe('outputs first');

    w.take({ write: (on, to) => on.write(to, ramp(size, 0.02)) });
    expectSameBits([await run(plan)], [await expected(ramp(size, 0.02), one)], 'another source');

    w.write(ramp(size, 0.03));
    expectSameBits([await run(plan)], [await expected(ramp(size, 0.03), one)], 'written');
  });

  it('are turned where an op that wants them so reads them, too', async () => {
    const shape = [3, 3, 4, 20];
    const source = new Turned(ramp(720, 0.01), shape);
    using w = deferredParameter(shape, source);
    using ordinary = tensor(ramp(720, 0.01), shape);
    const [got, wanted] = [w, ordinary].map((weight) =>
      compile(
        (x) => [conv2d(x, weight), conv2d(x, relu(weight))],
        [{ shape: [1, 8, 8, 4], dtype: 'f32' }],
        { recording: false },
      ),
    );
    const image = ramp(256, 0.1);
    expectSameBits(await got!.run(image), await wanted!.run(image), 'both');
    expect(source.asked).toEqual(['as they are here']);
    got!.dispose();
    wanted!.dispose();
  });

  it('are packed here when others have been loaded from a file of this kind meanwhile', async () => {
    const one = CASES['F(4×4)']!;
    const size = 9 * 16 * 24;
    using w = deferredParameter(one.w, { write: (on, to) => on.write(to, ramp(size, 0.01)) });
    using plan = planOf(w, one);
    const source = new Turned(ramp(size, 0.02), one.w);
    w.take(source);
    expectSameBits([await run(plan)], [await expected(ramp(size, 0.02), one)], 'taken');
    expect(source.asked).toEqual(['as they are here']);
  });
});
