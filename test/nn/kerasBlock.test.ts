import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parameter, tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { BasicBlock, kerasBatchNorm2d, shortcut } from '../../ts/nn/index.ts';
import { dot } from '../../ts/functions/dot.ts';
import { pixelsOf } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import { readGolden } from '../golden/readGolden.ts';
import { expectClose } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 1, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

interface CaseFacts {
  readonly shape: readonly number[];
  readonly filters: number;
  readonly stride: number;
  readonly bias: boolean;
  readonly inputs: Record<string, { shape: number[]; scale: number; shift: number }>;
}

const golden = readGolden('kerasBlock.safetensors');
const cases = Object.entries(golden.fact<Record<string, CaseFacts>>('cases'));
const TOLERANCE = 1e-5;

/** Keras's words for the variables of a layer. */
const WORDS: Readonly<Record<string, string>> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** `bn1/gamma` → `bn1.weight`, `shortcut/kernel` → `downsample.weight`. */
function ourName(path: string): string {
  const [layer, word] = path.split('/') as [string, string];
  return `${layer === 'shortcut' ? 'downsample' : layer}.${WORDS[word]}`;
}

function makeBlock({ shape, filters, stride, bias }: CaseFacts): BasicBlock {
  const from = shape[3]!;
  return new BasicBlock(from, filters, {
    stride,
    bias,
    padding: 'same',
    norm: kerasBatchNorm2d,
    shortcut: shortcut('B', from, filters, { stride, norm: null, bias }),
  });
}

describe.each(cases)('the BasicBlock of the Keras tutorial, %s', (name, facts) => {
  const expected = (key: string): ArrayLike<number> => golden.array(`${name}/${key}`).values;
  const given = (key: string): Float32Array => {
    const { shape, scale, shift } = facts.inputs[key]!;
    return goldenTensor(`kerasBlock/${name}/${key}`, shape, scale, shift);
  };
  const load = (): { block: BasicBlock; x: Tensor } => {
    const block = makeBlock(facts);
    const state = block.stateDict();
    for (const path of Object.keys(facts.inputs)) {
      if (path.includes('/')) state.get(ourName(path))!.write(given(path));
    }
    const x = parameter(facts.shape);
    x.write(given('x'));
    return { block, x };
  };

  it('has the variables of Keras', () => {
    const floats = [...makeBlock(facts).stateDict()].filter(([, { dtype }]) => dtype === 'f32');
    const variables = Object.keys(facts.inputs).filter((path) => path.includes('/'));
    expect(floats.map(([key]) => key).sort()).toEqual(variables.map(ourName).sort());
  });

  it('infers as Keras does', () => {
    const { block, x } = load();
    const y = noGrad(() => block.eval().forward(x));
    expect(y.shape).toEqual(golden.array(`${name}/y`).shape);
    expectClose(y.data(), expected('yInference'), TOLERANCE, 'y');
  });

  it('trains as Keras does', () => {
    const { block, x } = load();
    const y = block.forward(x);
    expectClose(y.data(), expected('y'), TOLERANCE, 'y');
    const dy = tensor(given('dy'), y.shape);
    const weights = [...block.parameters()];
    const loss = dot(y, dy);
    const [dx, ...dws] = gradients(loss, [x, ...weights.map(([, weight]) => weight)]);
    expectClose(dx!.data(), expected('dx'), TOLERANCE, 'dx');
    const kernel = golden.array(`${name}/d/conv1/kernel`).values;
    const scale = Math.max(...Array.from(kernel, Math.abs));
    for (const path of Object.keys(facts.inputs)) {
      const index = weights.findIndex(([key]) => key === ourName(path));
      if (!path.includes('/') || index < 0) continue;
      // A bias in front of batch norm has no gradient: it is held to the size of the others.
      const floor = path.startsWith('conv') && path.endsWith('bias') ? scale : 0;
      expectClose(dws[index]!.data(), expected(`d/${path}`), TOLERANCE, path, floor);
    }
  });

  it('moves statistics as Keras does, but for the unbiased variance', () => {
    const { block, x } = load();
    const y = noGrad(() => block.forward(x));
    const count = pixelsOf(y.shape);
    for (const layer of ['bn1', 'bn2'] as const) {
      const state = block.stateDict();
      const mean = state.get(`${layer}.running_mean`)!.data();
      expectClose(mean, expected(`after/${layer}/moving_mean`), TOLERANCE, 'mean');
      const before = given(`${layer}/moving_variance`);
      const moved = state.get(`${layer}.running_var`)!.data() as Float32Array;
      // Ours takes n/(n-1) times the variance that Keras takes, as PyTorch does.
      const biased = moved.map((value, i) => {
        const kept = 0.99 * before[i]!;
        return kept + ((value - kept) * (count - 1)) / count;
      });
      expectClose(biased, expected(`after/${layer}/moving_variance`), TOLERANCE, 'variance');
    }
  });
});
