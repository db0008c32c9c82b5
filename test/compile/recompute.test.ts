import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recomputed } from '../../ts/core/apply.ts';
import { capture } from '../../ts/compile/capture.ts';
import { compile } from '../../ts/compile/compile.ts';
import { lower } from '../../ts/compile/lower.ts';
import { optimize } from '../../ts/compile/optimize.ts';
import { recompute } from '../../ts/compile/passes/recompute.ts';
import { currentEngine, init, useEngine } from '../../ts/core/init.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { globalAvgPool2d } from '../../ts/functions/globalAvgPool2d.ts';
import { relu } from '../../ts/functions/relu.ts';
import { inputsOf, outputsOf, type Graph } from '../../ts/core/graph.ts';
import { densenet_bc100, densenet_bc40, densenet40 } from '../../ts/models/index.ts';
import type { DenseNet } from '../../ts/models/densenet.ts';
import { BatchNorm2d, Conv2d, manualSeed } from '../../ts/nn/index.ts';
import type { Spec } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenLabels, goldenTensor } from '../golden/generator.ts';
import { expectSameBits } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 2 });
});
afterAll(() => currentEngine().close());

const specs = (shape: number[]): Spec[] => [
  { shape, dtype: 'f32' },
  { shape: [shape[0]!], dtype: 'i32' },
];

/** Loss and gradients: a training step without its optimizer. */
const step =
  (model: DenseNet) =>
  (x: Tensor, labels: Tensor): Tensor[] => {
    const { loss } = model.loss(x, labels);
    return [loss, ...gradients(loss, [...model.parameters().values()])];
  };

describe('recompute', () => {
  const conv = (): Conv2d => new Conv2d(4, 4, { kernelSize: 3, padding: 1, bias: false });
  const layers = () => ({ norm: new BatchNorm2d(4), first: conv(), second: conv() });
  type Layers = ReturnType<typeof layers>;
  const train = ({ norm, first, second }: Layers) =>
    capture(
      (x, labels) => {
        const inner = (): Tensor => second.forward(relu(first.forward(relu(norm.forward(x)))));
        const loss = crossEntropy(globalAvgPool2d(recomputed(inner)), labels);
        return [loss, ...gradients(loss, [norm.weight, first.weight, second.weight])];
      },
      specs([2, 6, 6, 4]),
    );
  const ops = (graph: Graph): string[] => graph.nodes.map(({ op }) => op.name);

  it('computes inner values again before the first gradient that reads them', () => {
    const before = train(layers());
    const after = recompute(before);
    const loss = ops(after).indexOf('softmaxCrossEntropy');
    const added = after.nodes.slice(loss).filter((node) => !before.nodes.includes(node));
    const again = ['batchNormApply', 'relu', 'conv2d', 'relu'];
    expect(ops({ ...after, nodes: added }).filter((op) => again.includes(op))).toEqual(again);
    expect(ops(after).slice(0, loss)).toEqual(ops(before).slice(0, loss));
    const kept = new Set(after.nodes.slice(loss).flatMap(inputsOf));
    const forward = after.nodes.slice(0, loss).filter(({ region }) => region);
    const big = forward.flatMap(outputsOf).filter(({ shape }) => shape.length > 1);
    expect(big.filter((value) => kept.has(value))).toEqual([]);
  });

  it('leaves graphs without regions, and inference, as they are', () => {
    const { norm, first } = layers();
    const plain = capture((x) => relu(first.forward(norm.forward(x))), [specs([2, 6, 6, 4])[0]!]);
    expect(recompute(plain)).toBe(plain);
    const inference = noGrad(() =>
      capture((x) => recomputed(() => relu(norm.forward(x))), [specs([2, 6, 6, 4])[0]!]),
    );
    expect(ops(recompute(inference))).toEqual(ops(inference));
  });
});

describe('memory-efficient DenseNet', () => {
  it.each([
    ['with bottlenecks', densenet_bc40, {}, false],
    ['without bottlenecks', densenet40, {}, false],
    ['with dropout', densenet_bc40, { dropout: 0.2 }, false],
    ['with frozen batch norm', densenet_bc40, {}, true],
  ] as const)('%s: trains with the same bits', async (_, make, options, frozen) => {
    // So few tiles that Winograd's kernels, which keep nothing normalised, are not taken.
    const shape = [3, 8, 8, 3];
    const images = goldenTensor('x', shape);
    const labels = goldenLabels('labels', 3, 10);
    const [plain, efficient] = await Promise.all(
      [false, true].map(async (memoryEfficient) => {
        const model = make({ ...options, memoryEfficient, seed: 5 });
        for (const [, module] of model.modules()) {
          if (module instanceof BatchNorm2d) module.frozen = frozen;
        }
        manualSeed(9);
        using plan = compile(step(model), specs(shape));
        const outputs = await plan.run(images, labels);
        const buffers = [...model.buffers().values()].map((buffer) => buffer.data());
        model.dispose();
        return { outputs: [...outputs, ...buffers], peakBytes: plan.peakBytes };
      }),
    );
    expectSameBits(efficient!.outputs, plain!.outputs, 'loss, gradients and statistics');
    expect(efficient!.peakBytes).toBeLessThan(plain!.peakBytes);
  });

  it('BC-100 plans a batch of 64 in less than half the memory', () => {
    const [plain, efficient] = [false, true].map((memoryEfficient) => {
      const model = densenet_bc100({ memoryEfficient });
      const graph = optimize(capture(step(model), specs([64, 32, 32, 3])), true);
      const { arenaBytes } = lower(graph, currentEngine());
      model.dispose();
      return arenaBytes;
    });
    expect(efficient! / plain!).toBeLessThan(0.25);
  });

  it('BC-100 takes a step of strict numerics with the same bits, in less than half the memory', async () => {
    const other = currentEngine();
    const engine = await init({ threads: 2, numerics: 'strict' });
    const shape = [4, 16, 16, 3];
    const [plain, efficient] = await Promise.all(
      [false, true].map(async (memoryEfficient) => {
        const model = densenet_bc100({ memoryEfficient, seed: 5 });
        using plan = compile(step(model), specs(shape));
        const outputs = await plan.run(goldenTensor('x', shape), goldenLabels('labels', 4, 10));
        return { outputs, peakBytes: plan.peakBytes };
      }),
    );
    engine.close();
    useEngine(other);
    expectSameBits(efficient!.outputs, plain!.outputs, 'loss and gradients');
    expect(efficient!.peakBytes / plain!.peakBytes).toBeLessThan(0.5);
  });
});
