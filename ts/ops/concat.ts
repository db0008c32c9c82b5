import { ShapeError } from '../base/errors.ts';
import { channelsOf, formatShape, sameShape } from '../base/shape.ts';
import { after } from './args.ts';
import { lowerCopy } from './copy.ts';
import { expectType } from './expect.ts';
import type { Op } from './op.ts';
import { sliceChannels } from './sliceChannels.ts';

/** Joins tensors `[…, Cᵢ]` along the channels: `[…, ΣCᵢ]`; any number of inputs. */
export const concat: Op<object> = {
  name: 'concat',
  infer(inputs) {
    const [first] = inputs;
    if (!first || first.shape.length === 0) {
      const facts = first ? 'a scalar has none' : 'there are no inputs';
      throw new ShapeError(`concat: inputs are joined along their channels but ${facts}`);
    }
    const pixels = first.shape.slice(0, -1);
    for (const input of inputs) {
      expectType('concat', 'input', input, 'f32');
      if (!sameShape(input.shape.slice(0, -1), pixels)) {
        const shapes = `inputs ${formatShape(first.shape)} and ${formatShape(input.shape)}`;
        throw new ShapeError(`concat: ${shapes} differ in more than the last axis`);
      }
    }
    const channels = inputs.reduce((sum, input) => sum + channelsOf(input.shape), 0);
    return [{ shape: [...pixels, channels], dtype: 'f32' }];
  },
  lower(to, inputs, [y]) {
    let start = 0;
    for (const x of inputs) {
      lowerCopy(to, x, { ...y!, pointer: after(y!.pointer, 4 * start) });
      start += channelsOf(x.shape);
    }
  },
  gradient(apply, { inputs, dys: [dy], needs }) {
    let end = 0;
    return inputs.map(({ shape }, index) => {
      const [start, channels] = [end, channelsOf(shape)];
      end += channels;
      return needs[index] ? apply(sliceChannels, [dy!], { start, channels })[0] : undefined;
    });
  },
};
