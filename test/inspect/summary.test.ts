import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/current.ts';
import { summary } from '../../ts/inspect/summary.ts';
import { resnet20, resnet8 } from '../../ts/models/cifarResnet.ts';

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

describe('summary', () => {
  it('counts the weights of ResNet-20 as He et al. do, and its flops by hand', () => {
    const { rows, parameters, flops, output } = summary(resnet20(), [1, 32, 32, 3]);
    expect(parameters).toBe(269_722);
    expect(output).toEqual([1, 10]);
    // Of one stage: six 3×3 convolutions; the first of stages 2 and 3 reads half the channels.
    const conv = (side: number, from: number, to: number): number =>
      2 * side * side * 9 * from * to;
    const stages = [
      6 * conv(32, 16, 16),
      conv(16, 16, 32) + 5 * conv(16, 32, 32),
      conv(8, 32, 64) + 5 * conv(8, 64, 64),
    ];
    const expected = conv(32, 3, 16) + stages.reduce((a, b) => a + b) + 2 * 64 * 10;
    expect(flops).toBe(expected);
    expect(rows.find(({ path }) => path === 'layer2')).toMatchObject({
      flops: stages[1],
      output: [1, 16, 16, 32],
    });
  });

  it('leaves the network as it was', () => {
    const model = resnet8({ inChannels: 1 });
    const keys = Object.keys(model.conv1);
    summary(model, [2, 28, 28, 1]);
    expect(model.training).toBe(true);
    expect(model.conv1.forward).toBe(Object.getPrototypeOf(model.conv1).forward);
    expect(Object.keys(model.conv1)).toEqual(keys);
    expect(() => summary(model, [2, 28, 28, 3])).toThrow(/^conv1: conv2d: /);
    expect(Object.hasOwn(model.conv1, 'forward')).toBe(false);
  });

  it('prints the tree by indentation', () => {
    const lines = String(summary(resnet8({ inChannels: 1 }), [1, 28, 28, 1])).split('\n');
    expect(lines[0]).toMatch(/^module +output +parameters +MFLOP$/);
    expect(lines[2]).toMatch(/^ {2}conv1: Conv2d 3×3, 16 +1×28×28×16 +144 +0\.23$/);
    expect(lines.at(-1)).toBe('75,002 parameters, 18.3 MFLOP forward');
  });
});
