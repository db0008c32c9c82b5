import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { summary } from '../../ts/nn/summary.ts';
import { models, resnet20, resnet8, vgg13 } from '../../ts/models/index.ts';
import type { Residual } from '../../ts/nn/blocks/residual.ts';
import { Conv2d } from '../../ts/nn/conv2d.ts';

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
    expect(lines[0]).toMatch(/^module +output +parameters +mul-adds$/);
    expect(lines[2]).toMatch(/^ {2}conv1: Conv2d 3×3, 16 +1×28×28×16 +144 +112\.90 k$/);
    expect(lines.slice(-2)).toEqual([
      '75,002 parameters, 0.3 MB',
      '9.15 M multiply-adds for 1×28×28×1',
    ]);
  });

  it('counts frozen weights, too', () => {
    const model = resnet8({ inChannels: 1 });
    model.freeze();
    const { parameters, trainable, rows } = summary(model);
    expect([parameters, trainable]).toEqual([75_002, 650]);
    expect(rows.find(({ path }) => path === 'bn1')!.parameters).toBe(32);
    expect(String(model)).toContain('75,002 parameters, 74,352 of them frozen, 0.3 MB');
  });
});

describe('a printed network', () => {
  it.each([
    'resnet50',
    'resnet152',
    'preact_resnet50',
    'densenet201',
    'googlenet',
    'resnet110',
    'densenet_bc100',
  ])('%s is a table of 80 columns, with the images that it is for', (name) => {
    const model = models[name]!({ inChannels: 2 });
    const lines = String(model).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const side = /110|100/.test(name) ? 32 : 224;
    expect(lines.at(-1)).toMatch(new RegExp(`^\\d.* multiply-adds for 1×${side}×${side}×2$`));
    model.dispose();
  });

  it('shows gates, and itself in Node and Deno', () => {
    const model = vgg13({ stem: 'cifar', skips: [[9, 10]], gate: 'both' });
    (model.features.layers.get('20') as Residual).skipGate!.write([0.25]);
    expect(String(model)).toMatch(
      /^ {4}20: Residual, skip × 0\.250, transform × 1\.00 +1×2×2×512/m,
    );
    expect(inspect({ model })).toContain('20: Residual, skip × 0.250');
    const deno = Symbol.for('Deno.customInspect');
    expect((model as unknown as Record<symbol, () => string>)[deno]!()).toBe(String(model));
  });

  it('without an input it knows of has modules and parameters alone', () => {
    expect(String(new Conv2d(2, 4, { kernelSize: 3 }))).toBe(
      'module         parameters\nConv2d 3×3, 4          76\n76 parameters, 0.0 MB',
    );
  });
});
