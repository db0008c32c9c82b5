import { ShapeError } from '../base/errors.ts';
import { channelsOf, formatShape, sameShape } from '../base/shape.ts';
import { after } from './args.ts';
import { lowerCopy } from './copy.ts';
import { expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';
import { sliceChannels } from './sliceChannels.ts';

/** Joins its parts `[…, Cᵢ]`, any number of them, along the channels: y `[…, ΣCᵢ]`. */
export const concat: Op<{ parts: readonly One[] }, { y: One }, object> = {
  name: 'concat',
  infer({ parts }) {
    const [first] = parts;
    if (!first || first.shape.length === 0) {
      const facts = first ? 'a scalar has none' : 'there are no inputs';
      throw new ShapeError(`concat: inputs are joined along their channels but ${facts}`);
    }
    const pixels = first.shape.slice(0, -1);
    for (const part of parts) {
      expectType('concat', 'input', part, 'f32');
      if (!sameShape(part.shape.slice(0, -1), pixels)) {
        const shapes = `inputs ${formatShape(first.shape)} and ${formatShape(part.shape)}`;
        throw new ShapeError(`concat: ${shapes} differ in more than the last axis`);
      }
    }
    const channels = parts.reduce((sum, part) => sum + channelsOf(part.shape), 0);
    return { y: { shape: [...pixels, channels], dtype: 'f32' } };
  },
  lower(to, { parts }, { y }) {
    let start = 0;
    for (const part of parts) {
      lowerCopy(to, part, { ...y, pointer: after(y.pointer, 4 * start) });
      start += channelsOf(part.shape);
    }
  },
  gradient(apply, { inputs: { parts }, dys: { y: dy }, needs }) {
    if (!dy) return {};
    let end = 0;
    const dparts = parts.map(({ shape }, index) => {
      const [start, channels] = [end, channelsOf(shape)];
      end += channels;
      // A part without channels has no elements, and there is no such slice.
      return needs.parts[index] && channels > 0
        ? apply(sliceChannels, { x: dy }, { start, channels }).y
        : undefined;
    });
    return { parts: dparts };
  },
};
