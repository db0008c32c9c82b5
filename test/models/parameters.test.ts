import { afterAll, describe, expect, it } from 'vitest';
import { useEngine } from '../../ts/core/init.ts';
import { models } from '../../ts/models/registry.ts';
import { sizeOf } from '../../ts/base/shape.ts';
import { readGoldenJson } from '../golden/readGolden.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
useEngine(engine);
afterAll(() => engine.close());

const counts = readGoldenJson<Record<string, Record<string, number>>>('parameterCounts.json');

describe('parameters of small-image networks', () => {
  it.each(Object.keys(counts))('%s has as many as PyTorch’s', (name) => {
    for (const [kind, count] of Object.entries(counts[name]!)) {
      const inChannels = Number(kind.replace('inChannels', ''));
      const model = models[name]!({ inChannels });
      const sizes = [...model.parameters().values()].map(({ shape }) => sizeOf(shape));
      expect(
        sizes.reduce((sum, size) => sum + size, 0),
        kind,
      ).toBe(count);
      model.dispose();
    }
  });

  it('have torchvision’s names', () => {
    const model = models.resnet8!();
    const norm = (name: string): string[] =>
      ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'].map(
        (entry) => `${name}.${entry}`,
      );
    const layer = (name: string): string[] => [
      `${name}.0.conv1.weight`,
      ...norm(`${name}.0.bn1`),
      `${name}.0.conv2.weight`,
      ...norm(`${name}.0.bn2`),
    ];
    expect([...model.stateDict().keys()]).toEqual([
      'conv1.weight',
      ...norm('bn1'),
      ...['layer1', 'layer2', 'layer3'].flatMap(layer),
      'fc.weight',
      'fc.bias',
    ]);
    expect(model.parameters().get('layer2.0.conv1.weight')!.shape).toEqual([3, 3, 16, 32]);
    model.dispose();
  });

  it('tell every module its path', () => {
    const model = models.resnet20!({ inChannels: 1 });
    for (const [path, module] of model.modules()) expect(module.path).toBe(path);
    model.dispose();
  });
});
