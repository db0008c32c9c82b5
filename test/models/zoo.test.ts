import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../ts/compile/capture.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { storedShape, weightSlots } from '../../ts/io/weights/slot.ts';
import { modelName } from '../../ts/models/modelName.ts';
import type { Classifier } from '../../ts/models/index.ts';
import {
  allModels,
  CifarResNet,
  densenet40,
  densenetBC,
  efficientnet_b0,
  googlenet,
  models,
  preact_resnet18,
  preact_resnet50,
  resnet18,
  resnet20,
  resnet50,
  vgg11,
  vgg13,
} from '../../ts/models/index.ts';
import { inferShape } from '../../ts/nn/inferShape.ts';
import type { Module } from '../../ts/nn/module.ts';
import { sizeOf } from '../../ts/base/shape.ts';
import { readGoldenJson } from '../golden/readGolden.ts';

beforeAll(async () => {
  await init({ threads: 2 });
});
afterAll(() => currentEngine().close());

const count = (model: Module): number =>
  [...model.parameters().values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

const outputOf = (model: Classifier, shape: number[]): readonly number[] =>
  inferShape((x) => model.eval().forward(x), shape);

describe("torchvision's and timm's networks", () => {
  const files = ['stateDicts.json', 'relatives.json'].map((file) =>
    readGoldenJson<{
      nets: Record<string, { entries: number; parameters: number; sha256: string }>;
    }>(file),
  );

  it.each(files.flatMap(({ nets }) => Object.entries(nets)))(
    '%s has their names and shapes',
    (name, facts) => {
      const model = allModels[name]!({ seed: 1 });
      const lines = [...weightSlots(model)].map(
        ([key, slot]) => `${key} [${storedShape(slot).join(', ')}]`,
      );
      expect(lines).toHaveLength(facts.entries);
      expect(count(model)).toBe(facts.parameters);
      const text = lines.sort().join('\n');
      expect(createHash('sha256').update(text).digest('hex')).toBe(facts.sha256);
      model.dispose();
    },
  );
});

describe('other networks', () => {
  it.each([
    // Huang et al. 2017, table 2.
    ['densenet40', 1_019_722],
    ['densenet_bc100', 769_162],
    ['densenet_bc250_k24', 15_324_406],
    // He et al. 2015, table 6, counts 0.27 M, 0.85 M and 1.7 M.
    ['resnet20', 269_722],
    ['resnet56', 853_018],
    ['resnet110', 1_727_962],
    ['plain20', 269_722],
    // As ResNet-18 and 50, but for where norms stand and projections without one.
    ['preact_resnet18', 11_687_720],
    ['preact_resnet50', 25_549_352],
  ] as const)('%s has %i parameters', (name, parameters) => {
    const model = models[name]!();
    expect(count(model)).toBe(parameters);
    model.dispose();
  });

  it('are refused at a depth that has no network', () => {
    expect(() => new CifarResNet(21)).toThrow(/depth is 21 but must be 6n \+ 2/);
    expect(() => densenetBC(41, 12)).toThrow(/depth is 41 but must be 6n \+ 4/);
  });
});

describe('options of every network', () => {
  // One of each family: the others differ in depth and width alone.
  const names = [
    'resnet18',
    'resnext50_32x4d',
    'resnet26d',
    'seresnet18',
    'ecaresnet50d',
    'resnetblur18',
    'resnetaa50',
    'mobilenet_v2',
    'efficientnet_b0',
    'tf_efficientnet_b0',
    'convnext_atto',
    'preact_resnet18',
    'densenet121',
    'vgg11',
    'vgg11_bn',
    'alexnet',
    'googlenet',
    'resnet20',
    'plain20',
    'densenet40',
    'densenet_bc40',
  ];

  it.each(names)('%s: classes, channels, either stem, features and a new head', (name) => {
    for (const [stem, side] of [
      ['cifar', 32],
      ['imagenet', 97],
    ] as const) {
      const model = allModels[name]!({ numClasses: 13, inChannels: 2, stem });
      expect(outputOf(model, [3, side, side, 2])).toEqual([3, 13]);
      const features = inferShape((x) => model.forwardFeatures(x), [3, side, side, 2]);
      expect(features).toHaveLength(4);
      const headless = [...model.stateDict()].filter(([, { shape }]) => !shape.includes(13)).length;
      model.resetHead(17);
      expect(outputOf(model, [3, side, side, 2])).toEqual([3, 17]);
      const kept = [...model.stateDict()].filter(([, { shape }]) => !shape.includes(17)).length;
      expect(kept).toBe(headless);
      model.dispose();
    }
  });

  it('a seed gives the same weights', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => resnet20({ seed }).fc.weight.data().join());
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it('shortcuts and gates reach the blocks', () => {
    const model = resnet18({ stem: 'cifar', shortcuts: 'A', gate: 'both' });
    const names = [...model.parameters().keys()];
    expect(names.some((name) => name.includes('downsample'))).toBe(false);
    expect(names.filter((name) => name.endsWith('skip_gate'))).toHaveLength(8);
    const projected = resnet20({ shortcuts: 'C' });
    const downsamples = [...projected.parameters().keys()].filter((name) =>
      name.endsWith('downsample.0.weight'),
    );
    expect(downsamples).toHaveLength(9);
  });
});

describe('stochastic depth', () => {
  /** Path of each block that may be left out, and how often it is. */
  const droppedBlocks = (model: Classifier): [string, number][] => {
    const spec = { shape: [1, 32, 32, 3], dtype: 'f32' } as const;
    return capture((x) => model.train().forward(x), [spec])
      .nodes.filter(({ op }) => op.name === 'dropout')
      .map(({ path, attrs }) => [path, (attrs as { p: number }).p]);
  };

  it('grows linearly from 0 at the first block of a ResNet to its last', () => {
    const found = droppedBlocks(resnet18({ stem: 'cifar', dropPath: 0.7 }));
    expect(found.map(([path]) => path)).toEqual([
      ...['layer1.1', 'layer2.0', 'layer2.1', 'layer3.0', 'layer3.1', 'layer4.0', 'layer4.1'],
    ]);
    found.forEach(([path, p], i) => expect(p, path).toBeCloseTo(0.1 * (i + 1), 12));
  });

  it('leaves out no block of EfficientNet that has no shortcut', () => {
    const found = droppedBlocks(efficientnet_b0({ stem: 'cifar', dropout: 0, dropPath: 0.16 }));
    const paths = ['2.1', '3.1', '4.1', '4.2', '5.1', '5.2', '6.1', '6.2', '6.3'];
    expect(found.map(([path]) => path)).toEqual(paths.map((path) => `features.${path}`));
    const places = [2, 4, 6, 7, 9, 10, 12, 13, 14];
    found.forEach(([path, p], i) => expect(p, path).toBeCloseTo(0.01 * places[i]!, 12));
  });

  it('is the same at all blocks of a CifarResNet, as told', () => {
    const found = droppedBlocks(resnet20({ dropPath: 0.2 }));
    expect(found).toHaveLength(9);
    for (const [path, p] of found) expect(p, path).toBe(0.2);
  });
});

describe('vgg13 with skips', () => {
  it('carries one around its last two convolutions', () => {
    const model = vgg13({ stem: 'cifar', skips: [[9, 10]], gate: 'both' });
    expect(outputOf(model, [1, 32, 32, 3])).toEqual([1, 10]);
    const skip = [...model.parameters().keys()].filter((name) => /gate|body/.test(name));
    expect(skip).toEqual([
      'features.20.skip_gate',
      'features.20.transform_gate',
      'features.20.body.0.weight',
      'features.20.body.0.bias',
      'features.20.body.2.weight',
      'features.20.body.2.bias',
    ]);
    expect(count(model) - 2).toBe(count(vgg13({ stem: 'cifar' })));
  });

  it('projects where the width changes', () => {
    const model = vgg11({ stem: 'cifar', skips: [[3, 4]] });
    expect([...model.parameters().keys()]).toContain('features.6.shortcut.weight');
  });

  it.each([
    [[[8, 9]], /from convolution 8 to 9 must lie within a stage: 1–2, 3–4, 5–6, 7–8, 9–10/],
    [[[11, 12]], /from convolution 11 to 12 must lie within a stage/],
    [[[10, 9]], /from convolution 10 to 9/],
    [[[0, 1]], /from convolution 0 to 1/],
    [[[1.5, 2]], /from convolution 1.5 to 2/],
    [
      [
        [9, 10],
        [10, 10],
      ],
      /two skips span convolution 10/,
    ],
  ] as const)('refuses %j', (skips, message) => {
    expect(() => vgg13({ stem: 'cifar', skips })).toThrow(message);
  });
});

describe('googlenet', () => {
  it('has auxiliary heads that can be left out and get new classes with the head', () => {
    const names = [...googlenet({ auxiliary: false }).parameters().keys()];
    expect(names.some((name) => name.startsWith('aux'))).toBe(false);
    const model = googlenet();
    model.resetHead(3);
    expect(model.aux1!.fc2.weight.shape).toEqual([1024, 3]);
    expect(model.aux2!.fc2.weight.shape).toEqual([1024, 3]);
  });
});

describe('freeze', () => {
  const free = (model: Classifier): string[] => [...model.parameters().keys()];

  it('leaves the head by default', () => {
    const model = resnet18({ stem: 'cifar' });
    model.freeze();
    expect(free(model)).toEqual(['fc.weight', 'fc.bias']);
  });

  it('goes up to and including a module, wherever it is', () => {
    const stages = resnet20();
    stages.freeze('layer2');
    expect(free(stages).every((name) => /^(layer3|fc)/.test(name))).toBe(true);
    expect(free(stages)).toContain('layer3.0.conv1.weight');

    const dense = densenet40();
    dense.freeze('features.denseblock2.denselayer3');
    expect(free(dense)[0]).toBe('features.denseblock2.denselayer4.norm1.weight');

    const block = resnet20();
    block.freeze('layer1.0.bn1');
    expect(free(block)[0]).toBe('layer1.0.conv2.weight');
  });

  it('keeps the gate of a block that it ends in', () => {
    const model = resnet20({ gate: 'skip' });
    model.freeze('layer1.0.conv1');
    expect(free(model).slice(0, 2)).toEqual(['layer1.0.skip_gate', 'layer1.0.bn1.weight']);
  });

  it('knows no module of another name', () => {
    expect(() => resnet20().freeze('layer4')).toThrow(
      /there is no module "layer4": take one of conv1, bn1, layer1, layer2, layer3, fc/,
    );
  });
});

describe('pre-activation', () => {
  it('begins with a bare convolution and ends in a normalisation', () => {
    for (const model of [preact_resnet18(), preact_resnet50()]) {
      const names = [...model.stateDict().keys()];
      expect(names[0]).toBe('conv1.weight');
      expect(names[1]).toBe('layer1.0.bn1.weight');
      expect(names.filter((name) => name.startsWith('norm.'))).toHaveLength(5);
      expect(outputOf(model, [1, 64, 64, 3])).toEqual([1, 1000]);
    }
  });
});

describe('resnet50', () => {
  it('takes the stride where the paper and Keras have it', () => {
    const strided = (model: Module): string[] =>
      [...model.modules()]
        .filter(([path, module]) => /layer2.0.conv/.test(path) && /stride/.test(module.describe()))
        .map(([path]) => path);
    expect(strided(resnet50())).toEqual(['layer2.0.conv2']);
    expect(strided(resnet50({ strideOn: '1x1' }))).toEqual(['layer2.0.conv1']);
  });
});

describe('names', () => {
  it.each([
    ['ResNet-50', 'resnet50'],
    ['resnet_18', 'resnet18'],
    ['ResNeXt50-32x4d', 'resnext50_32x4d'],
    ['resnext50', 'resnext50_32x4d'],
    ['WRN-50-2', 'wide_resnet50_2'],
    ['wide-resnet50-2', 'wide_resnet50_2'],
    ['VGG13-BN', 'vgg13_bn'],
    ['DenseNet121', 'densenet121'],
    ['DenseNet-BC-100-12', 'densenet_bc100'],
    ['DenseNet-40-12', 'densenet40'],
    ['PreResNet-18', 'preact_resnet18'],
    ['preactivation_resnet50', 'preact_resnet50'],
    ['resnetv2_50', 'preact_resnet50'],
    ['WRN-101-2', 'wide_resnet101_2'],
    ['ResNeXt-101 64x4d', 'resnext101_64x4d'],
    ['resnet50-D', 'resnet50d'],
    ['SE-ResNet-50', 'seresnet50'],
    ['SE-ResNeXt50', 'seresnext50_32x4d'],
    ['MobileNetV2', 'mobilenet_v2'],
    ['mobilenetv2_100', 'mobilenet_v2'],
    ['timm/mobilenetv2_100.ra_in1k', 'mobilenet_v2'],
    ['resnet50.a1_in1k', 'resnet50'],
    ['tf_efficientnet_b0.ns_jft_in1k', 'tf_efficientnet_b0'],
    ['ResNetBlur-50', 'resnetblur50'],
    ['EfficientNet-B0', 'efficientnet_b0'],
    ['ConvNeXt-Atto', 'convnext_atto'],
    ['Inception-v1', 'googlenet'],
    ['GoogLeNet', 'googlenet'],
    ['AlexNet', 'alexnet'],
    ['plain-20', 'plain20'],
  ])('%s is %s', (written, name) => {
    expect(modelName(written)).toBe(name);
  });

  it('others are none', () => {
    for (const written of [
      'resnet',
      'resnet51',
      'resnet51.a1_in1k',
      '.',
      'timm/',
      '',
      '__proto__',
      'constructor',
    ]) {
      expect(modelName(written), written).toBeUndefined();
    }
  });
});
