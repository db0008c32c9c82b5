import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape } from './expect.ts';
import type { Op } from './op.ts';

/** `exp(x) / Σ exp(x)` of each row: x `[N, K]` → `[N, K]`. */
export const softmax: Op<object> = {
  name: 'softmax',
  inPlace: [[0, 0]],
  infer([x]) {
    expectAxes('softmax', 'input', x!, 'NK');
    return [{ shape: x!.shape, dtype: 'f32' }];
  },
  lower(to, [x], [y]) {
    const { pixels, channels } = rows(x!);
    to.step({
      kernel: 'softmax.forward.f32/scalar',
      chunks: elementwiseChunks(8 * sizeOf(x!.shape)),
      args: { ...at('x', x!), ...at('y', y!), rows: pixels, classes: channels },
    });
  },
  gradient: (apply, { outputs: [y], dys: [dy] }) => apply(softmaxBackward, [dy!, y!], {}),
};

/** `dx = y·(dy - Σ dy·y)` in each row; inputs dy, y. */
export const softmaxBackward: Op<object> = {
  name: 'softmaxBackward',
  inPlace: [[0, 0]],
  infer([dy, y]) {
    expectAxes('softmaxBackward', 'y', y!, 'NK');
    expectShape('softmaxBackward', 'dy', dy!, y!.shape, 'y has');
    return [{ shape: y!.shape, dtype: 'f32' }];
  },
  lower(to, [dy, y], [dx]) {
    const { pixels, channels } = rows(y!);
    to.step({
      kernel: 'softmax.backward.f32/scalar',
      chunks: elementwiseChunks(sizeOf(y!.shape)),
      args: { ...at('dy', dy!), ...at('y', y!), ...at('dx', dx!), rows: pixels, classes: channels },
    });
  },
};
