import { ShapeError } from '../base/errors.ts';
import { channelsOf, formatShape, sizeOf } from '../base/shape.ts';
import { after, at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { lowerCopy } from './copy.ts';
import { expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** First channel and number of channels. */
export interface SliceChannelsAttrs {
  readonly start: number;
  readonly channels: number;
}

/** Channels of zeros on either side. */
export interface PadChannelsAttrs {
  readonly before: number;
  readonly after: number;
}

/** `y[…, c] = x[…, start + c]`: x `[…, C]`, y `[…, channels]`. */
export const sliceChannels: Op<{ x: One }, { y: One }, SliceChannelsAttrs> = {
  name: 'sliceChannels',
  infer({ x }, { start, channels }) {
    expectType('sliceChannels', 'input', x, 'f32');
    const whole = Number.isInteger(start) && Number.isInteger(channels);
    if (!whole || start < 0 || channels < 1 || start + channels > channelsOf(x.shape)) {
      const facts = `input ${formatShape(x.shape)} has ${channelsOf(x.shape)}`;
      throw new ShapeError(`sliceChannels: ${channels} channels from ${start} on but ${facts}`);
    }
    return { y: { shape: [...x.shape.slice(0, -1), channels], dtype: 'f32' } };
  },
  liesIn: (_, { start }) => [{ pixel: 0, channel: start }],
  lower(to, { x }, { y }, { start }) {
    lowerCopy(to, { ...x, shape: y.shape, pointer: after(x.pointer, 4 * start) }, y);
  },
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs: { start, channels } }) {
    if (!dy) return {};
    const end = channelsOf(x.shape) - start - channels;
    return { x: apply(padChannels, { x: dy }, { before: start, after: end }).y };
  },
};

/** Adds channels of zeros: x `[…, C]`, y `[…, before + C + after]`. */
export const padChannels: Op<{ x: One }, { y: One }, PadChannelsAttrs> = {
  name: 'padChannels',
  infer({ x }, { before, after: end }) {
    expectType('padChannels', 'input', x, 'f32');
    if ([before, end].some((count) => !Number.isInteger(count) || count < 0)) {
      const facts = `${before} channels before and ${end} after`;
      throw new ShapeError(`padChannels: ${facts} but both must be whole numbers ≥ 0`);
    }
    const channels = before + channelsOf(x.shape) + end;
    return { y: { shape: [...x.shape.slice(0, -1), channels], dtype: 'f32' } };
  },
  lower(to, { x }, { y }, { before, after: end }) {
    const { pixels, channels } = rows(x);
    to.step({
      kernel: 'subsamplePad.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: {
        ...at('x', x),
        ...at('y', y),
        images: pixels,
        height: 1,
        width: 1,
        channels,
        stride: 1,
        before,
        after: end,
      },
    });
  },
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs: { before } }) {
    if (!dy) return {};
    const channels = channelsOf(x.shape);
    return { x: apply(sliceChannels, { x: dy }, { start: before, channels }).y };
  },
};
