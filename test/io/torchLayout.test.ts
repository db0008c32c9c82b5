import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../ts/base/errors.ts';
import { fromTorchLayout, toTorchLayout, torchShape } from '../../ts/io/torchLayout.ts';
import { errorOf } from '../data/generated.ts';

const counted = (length: number) => Float32Array.from({ length }, (_, index) => index);

describe('torch layout', () => {
  it('moves the outputs of a convolution to the front', () => {
    const [height, width, inputs, outputs] = [2, 3, 4, 5];
    const here = { shape: [height, width, inputs, outputs], data: counted(120) };
    const there = toTorchLayout('conv', here);
    expect(there.shape).toEqual([5, 4, 2, 3]);
    expect(torchShape('conv', here.shape)).toEqual(there.shape);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let i = 0; i < inputs; i++) {
          for (let o = 0; o < outputs; o++) {
            expect(there.data[((o * inputs + i) * height + y) * width + x]).toBe(
              here.data[((y * width + x) * inputs + i) * outputs + o],
            );
          }
        }
      }
    }
    expect(fromTorchLayout('conv', there)).toEqual(here);
  });

  it('moves the outputs of a one-dimensional convolution to the front', () => {
    const here = { shape: [3, 1, 2], data: counted(6) };
    const there = { shape: [2, 1, 3], data: Float32Array.of(0, 2, 4, 1, 3, 5) };
    expect(toTorchLayout('conv', here)).toEqual(there);
    expect(fromTorchLayout('conv', there)).toEqual(here);
  });

  it('transposes a linear weight', () => {
    const here = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const there = { shape: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) };
    expect(toTorchLayout('linear', here)).toEqual(there);
    expect(fromTorchLayout('linear', there)).toEqual(here);
    expect(torchShape('linear', here.shape)).toEqual(there.shape);
  });

  it('leaves a vector as it is', () => {
    const vector = { shape: [3], data: counted(3) };
    expect(toTorchLayout('vector', vector)).toBe(vector);
    expect(fromTorchLayout('vector', vector)).toBe(vector);
    expect(torchShape('vector', [])).toEqual([]);
  });

  it('refuses another rank', () => {
    const weight = { shape: [3, 4], data: counted(12) };
    for (const act of [
      () => toTorchLayout('conv', weight),
      () => fromTorchLayout('conv', weight),
      () => torchShape('conv', weight.shape),
    ]) {
      const error = errorOf(act);
      expect(error).toBeInstanceOf(ShapeError);
      expect(error.message).toBe(
        'torch layout: conv weight has shape [3, 4] but must have 4 or 3 axes',
      );
    }
  });
});
