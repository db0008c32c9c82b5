import { compile } from '../compile/compile.ts';
import type { Batch } from '../data/loader.ts';
import { crossEntropy } from '../functions/crossEntropy.ts';
import { sumSquares } from '../functions/sumSquares.ts';
import type { CifarResNet } from '../models/cifarResnet.ts';
import { gradients } from '../core/gradients.ts';
import { inMode } from '../nn/inMode.ts';
import type { GradientNorms } from './variantRun.ts';

/**
 * L2 norms of the gradient of a batch's mean loss, in training mode, by what each block gives and by each weight. The
 * network stays as it was, running statistics too.
 */
export async function gradientsByDepth(
  model: CifarResNet,
  { images, labels, shape }: Batch,
): Promise<GradientNorms> {
  const weights = [...model.parameters().values()].filter(({ shape }) => shape.length > 1);
  let blocks = 0;
  using plan = inMode(model, true, () =>
    compile(
      (x, target) => {
        const outputs = model.blockOutputs(x);
        blocks = outputs.length;
        const loss = crossEntropy(model.forwardHead(outputs.at(-1)!), target);
        const all = [...outputs, ...weights];
        return gradients(loss, all).map(sumSquares);
      },
      [
        { shape, dtype: 'f32' },
        { shape: [shape[0]], dtype: 'i32' },
      ],
    ),
  );
  const statistics = [...model.buffers().values()];
  const before = statistics.map((buffer) => buffer.data());
  const squares = await plan.run(images, labels);
  statistics.forEach((buffer, index) => buffer.write(before[index]!));
  const norms = squares.map((values) => Math.sqrt(values[0]!));
  return { blocks: norms.slice(0, blocks), weights: norms.slice(blocks) };
}
