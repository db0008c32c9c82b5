import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { ShapeError } from '../../ts/base/errors.ts';
import { avgPool2d } from '../../ts/functions/avgPool2d.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { maxPool2d } from '../../ts/functions/maxPool2d.ts';
import { fromTorchLayout } from '../../ts/io/torchLayout.ts';
import { scope } from '../../ts/core/scope.ts';
import { goldenTensor } from '../golden/generator.ts';
import { nchwToNhwc } from '../golden/layout.ts';
import { readGolden } from '../golden/readGolden.ts';
import { expectClose } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 1, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

interface GoldenCase {
  readonly x: readonly [number, number, number, number];
  readonly kernelSize: readonly [number, number];
  readonly dilation: readonly [number, number];
}
const golden = readGolden('same.safetensors');
const cases = golden.fact<Record<string, GoldenCase>>('cases');
const outputs = golden.fact<number>('outputs');

it.each(Object.entries(cases))(
  '%s: padding "same" with dilation is that of PyTorch',
  (name, at) => {
    const [n, channels, height, width] = at.x;
    scope(() => {
      const values = nchwToNhwc(goldenTensor(`same/${name}/x`, at.x), at.x);
      const x = tensor(Float32Array.from(values), [n, height, width, channels]);
      const { kernelSize, dilation } = at;
      const padding = 'same';
      const weight = (): ReturnType<typeof tensor> => {
        const shape = [outputs, channels, ...kernelSize];
        const data = goldenTensor(`same/${name}/w`, shape);
        const own = fromTorchLayout('conv', { shape, data });
        return tensor(own.data, [...kernelSize, channels, outputs]);
      };
      const y = name.startsWith('conv')
        ? conv2d(x, weight(), { padding, dilation })
        : maxPool2d(x, { kernelSize, padding, dilation, stride: 1 });
      const { shape, values: expected } = golden.array(`${name}/y`);
      expect(y.shape).toEqual([shape[0], shape[2], shape[3], shape[1]]);
      expectClose(y.data(), Array.from(nchwToNhwc(Float32Array.from(expected), shape)), 2e-6, name);
    });
  },
);

describe('windows that take no pixel', () => {
  const x = (height: number, width: number): ReturnType<typeof tensor> =>
    tensor(new Float32Array(height * width), [1, height, width, 1]);

  it('are refused where nothing of the padded image fits', () => {
    const beyond = { kernelSize: 5, stride: 2, ceilMode: true };
    // PyTorch 1.13: "Calculated output size: (1x0x0). Output size is too small".
    expect(() => maxPool2d(x(2, 2), beyond)).toThrow(ShapeError);
    expect(() => avgPool2d(x(2, 2), beyond)).toThrow(
      "height 2 padded to 2 is less than the kernel's 5",
    );
    expect(() => maxPool2d(x(2, 2), { kernelSize: 3, stride: 2 })).toThrow(
      "less than the kernel's 3",
    );
    expect(maxPool2d(x(2, 2), { kernelSize: 3, stride: 2, ceilMode: true }).shape).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it('are refused where all of one lies in the padding, for which PyTorch gives -Infinity', () => {
    const within = { kernelSize: 2, stride: 1, padding: 1, dilation: 3 };
    expect(() => maxPool2d(x(2, 2), within)).toThrow(
      'maxPool2d: window 0 of the height 2 padded to 4 takes no pixel, but padding alone',
    );
    expect(() => maxPool2d(x(4, 4), { kernelSize: 2, padding: 4, dilation: 3 })).toThrow(
      "maxPool2d: padding 4 of the height must be less than the kernel's 4",
    );
  });
});
