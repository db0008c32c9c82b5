import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import type { SafetensorsTensor } from '../../ts/io/safetensors.ts';
import { loadWeights, saveWeights, type WeightsReport } from '../../ts/io/weights.ts';
import { NAMINGS } from '../../ts/io/weights/namings.ts';
import {
  densenet121,
  efficientnet_b0,
  mobilenet_v2,
  preact_resnet18,
  preact_resnet50,
  resnet18,
  resnet50,
  tf_efficientnet_b0,
  unet_resnet18,
  vgg11,
  vgg11_bn,
} from '../../ts/models/index.ts';
import { Linear } from '../../ts/nn/linear.ts';
import { Module } from '../../ts/nn/module.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { runNetwork } from '../../ts/train/runNetwork.ts';
import { errorOf } from '../data/generated.ts';
import { goldenNoise, goldenTensor } from '../golden/generator.ts';
import { nchwToNhwc } from '../golden/layout.ts';
import { goldenStateDict, type GoldenShapes } from '../golden/parameters.ts';
import { readGolden, type Golden } from '../golden/readGolden.ts';
import { expectClose } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

type Tensors = ReadonlyMap<string, SafetensorsTensor>;

/** A network's tensors as others name them. */
function renamedFile(model: Module, rename: (name: string) => string): Tensors {
  const { tensors } = saveWeights(model);
  return new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
}

/** Loads one network's file into another; expects all of its values there. */
function expectMoved(from: Module, to: Module, rename: (name: string) => string): WeightsReport {
  const report = loadWeights(to, renamedFile(from, rename));
  for (const [name, tensor] of from.stateDict()) {
    const [given, taken] = [tensor, to.stateDict().get(name)!].map((weight) => {
      const { buffer, byteOffset, byteLength } = weight.data();
      return Buffer.from(buffer, byteOffset, byteLength);
    });
    expect(given!.equals(taken!), name).toBe(true);
  }
  expect(report.missing).toEqual([]);
  return report;
}

describe('a prefix that all names have', () => {
  it.each(['module.', 'model.', 'module.model.', '_orig_mod.'])(
    '%s is found and said',
    (prefix) => {
      const [from, to] = [resnet18({ seed: 1 }), resnet18({ seed: 2 })];
      expect(expectMoved(from, to, (name) => prefix + name)).toMatchObject({ prefix });
      from.dispose();
      to.dispose();
    },
  );

  it('is none where the names are the network’s', () => {
    const [from, to] = [resnet18({ seed: 1 }), resnet18({ seed: 2 })];
    const report = expectMoved(from, to, (name) => name);
    expect([report.prefix, report.naming]).toEqual([undefined, undefined]);
    from.dispose();
    to.dispose();
  });

  it('is left where the caller says another, or renames', () => {
    const model = resnet18({ seed: 1 });
    const file = renamedFile(model, (name) => `module.${name}`);
    expect(errorOf(() => loadWeights(model, file, { prefix: '' })).message).toMatch(/missing: /);
    const rename = (name: string): string => name;
    expect(errorOf(() => loadWeights(model, file, { rename })).message).toMatch(/missing: /);
    model.dispose();
  });
});

describe("torchvision's published DenseNet", () => {
  it('has a dot in norm.1 and conv.1', () => {
    const [from, to] = [densenet121({ seed: 1 }), densenet121({ seed: 2 })];
    const dotted = (name: string): string =>
      name.replace(/(denselayer\d+\.(?:norm|conv))([12])/, '$1.$2');
    expect(dotted('features.denseblock1.denselayer1.norm1.weight')).toBe(
      'features.denseblock1.denselayer1.norm.1.weight',
    );
    const { naming } = expectMoved(from, to, dotted);
    expect(naming).toBe("torchvision's published DenseNets");
    from.dispose();
    to.dispose();
  });
});

describe("Hugging Face's ResNet", () => {
  /** Names of transformers' modeling_resnet.py. */
  const theirs = (name: string): string =>
    name
      .replace(/^conv1\./, 'resnet.embedder.embedder.convolution.')
      .replace(/^bn1\./, 'resnet.embedder.embedder.normalization.')
      .replace(/^fc\./, 'classifier.1.')
      .replace(/^layer(\d)\.(\d+)\./, (_, stage: string, block: string) => {
        return `resnet.encoder.stages.${Number(stage) - 1}.layers.${block}.`;
      })
      .replace(/(layers\.\d+)\.downsample\.0\./, '$1.shortcut.convolution.')
      .replace(/(layers\.\d+)\.downsample\.1\./, '$1.shortcut.normalization.')
      .replace(
        /(layers\.\d+)\.(conv|bn)(\d)\./,
        (_, path: string, kind: string, number: string) => {
          const what = kind === 'conv' ? 'convolution' : 'normalization';
          return `${path}.layer.${Number(number) - 1}.${what}.`;
        },
      );

  it.each([
    ['resnet18, of basic blocks', resnet18],
    ['resnet50, of bottlenecks', resnet50],
  ])('%s', (_, make) => {
    const [from, to] = [make({ seed: 1 }), make({ seed: 2 })];
    expect(expectMoved(from, to, theirs).naming).toBe("Hugging Face's ResNet");
    from.dispose();
    to.dispose();
  });

  it('without its head has no common beginning', () => {
    const [from, to] = [resnet18({ seed: 1 }), resnet18({ seed: 2 })];
    const backbone = new Map(
      [...renamedFile(from, theirs)]
        .filter(([name]) => !name.startsWith('classifier'))
        .map(([name, tensor]) => [name.replace(/^resnet\./, ''), tensor]),
    );
    const { missing } = loadWeights(to, backbone, { strict: false });
    expect(missing).toEqual(['fc.weight', 'fc.bias']);
    from.dispose();
    to.dispose();
  });
});

/** A file of generated weights with these names. */
function generatedFile(shapes: GoldenShapes, golden: Golden): Tensors {
  const values = goldenStateDict(shapes, golden.fact<number>('norm'));
  return new Map(
    Object.entries(shapes).map(
      ([name, shape]) => [name, { dtype: 'F32', shape, data: values[name]! }] as const,
    ),
  );
}

describe("segmentation_models_pytorch's U-Net", () => {
  it("may have timm's encoder", () => {
    const [from, to] = [unet_resnet18({ seed: 1 }), unet_resnet18({ seed: 2 })];
    const theirs = (name: string): string => name.replace(/^encoder\./, 'encoder.model.');
    expect(expectMoved(from, to, theirs).naming).toMatch(/encoders of timm/);
    from.dispose();
    to.dispose();
  });
});

describe('timm', () => {
  const golden = readGolden('timm.safetensors');
  const names = golden.fact<Record<string, GoldenShapes>>('names');

  it('ResNetV2 gives the logits of timm', async () => {
    const shapes = names['resnetv2_18']!;
    const tensors = generatedFile(shapes, golden);
    const model = preact_resnet18({ numClasses: 10 });
    const { naming, loaded } = loadWeights(model, tensors);
    expect([naming, loaded.length]).toEqual(["timm's ResNetV2", tensors.size]);
    const size = [2, 3, 64, 64] as const;
    const noise = Float32Array.from(goldenNoise('timm', size, 1000).images);
    const images = Float32Array.from(nchwToNhwc(noise, size));
    const { logits } = await runNetwork(model, images, [2, 64, 64, 3]);
    expectClose(logits, golden.array('logits').values, 1e-5, 'logits');
    model.dispose();
  });

  it.each([
    ['resnetv2_50', "timm's ResNetV2", preact_resnet50],
    ['vgg11', "timm's VGG", vgg11],
    ['vgg11_bn', "timm's VGG", vgg11_bn],
  ] as const)('%s has a weight for each of ours', (name, whose, make) => {
    const naming = NAMINGS.find((known) => known.whose === whose)!;
    const model = make({ numClasses: 10 });
    const floats = [...model.stateDict()].filter(([, { dtype }]) => dtype === 'f32');
    const theirs = Object.keys(names[name]!).map((key) => naming.rename(key));
    expect(theirs.sort()).toEqual(floats.map(([key]) => key).sort());
    model.dispose();
  });

  const mobile = readGolden('timmMobile.safetensors');
  it.each([
    ['efficientnet_b0', 'efficientnet_b0', "timm's EfficientNet", efficientnet_b0],
    ['tf_efficientnet_b0', 'efficientnet_b0', "timm's EfficientNet", tf_efficientnet_b0],
    ['mobilenetv2_100', 'mobilenetv2_100', "timm's MobileNetV2", mobilenet_v2],
  ] as const)('%s gives the logits of timm', async (name, named, whose, make) => {
    const shapes = mobile.fact<Record<string, GoldenShapes>>('names')[named]!;
    const model = make({ numClasses: 10 });
    const { naming, loaded, missing } = loadWeights(model, generatedFile(shapes, mobile));
    expect([naming, loaded.length]).toEqual([whose, Object.keys(shapes).length]);
    expect(missing.filter((key) => !key.endsWith('num_batches_tracked'))).toEqual([]);
    const size = [2, 3, 48, 33] as const;
    const noise = Float32Array.from(goldenNoise('timm', size, 1000).images);
    const { logits } = await runNetwork(
      model,
      Float32Array.from(nchwToNhwc(noise, size)),
      [2, 48, 33, 3],
    );
    expectClose(logits, mobile.array(name).values, 1e-5, 'logits');
    model.dispose();
  });

  it('names that no layer has are told as they stand in the file', () => {
    const model = mobilenet_v2({ numClasses: 10 });
    const shapes = mobile.fact<Record<string, GoldenShapes>>('names')['efficientnet_b0']!;
    const { message } = errorOf(() => loadWeights(model, generatedFile(shapes, mobile)));
    expect(message).toMatch(/unexpected: blocks\.0\.0\.se\.conv_reduce\.weight, /);
    model.dispose();
  });

  it('has the linear layers of VGG and ResNetV2 as convolutions', () => {
    class Heads extends Module {
      readonly fc1 = new Linear(2 * 3 * 4, 5, { flattened: [2, 3, 4] });
      readonly fc2 = new Linear(5, 7);

      override forward(x: Tensor): Tensor {
        return this.fc2.forward(this.fc1.forward(x));
      }
    }
    const file = (first: readonly number[], second: readonly number[]): Tensors => {
      const shapes = {
        'fc1.weight': first,
        'fc1.bias': [5],
        'fc2.weight': second,
        'fc2.bias': [7],
      };
      return new Map(
        Object.entries(shapes).map(
          ([name, shape]) =>
            [name, { dtype: 'F32', shape, data: goldenTensor(name, shape) }] as const,
        ),
      );
    };
    const [flat, wide] = [new Heads(), new Heads()];
    loadWeights(flat, file([5, 24], [7, 5]));
    loadWeights(wide, file([5, 4, 2, 3], [7, 5, 1, 1]));
    for (const name of ['fc1', 'fc2'] as const) {
      expect([...wide[name].weight.data()]).toEqual([...flat[name].weight.data()]);
    }
    expect(errorOf(() => loadWeights(wide, file([5, 3, 2, 4], [7, 5]))).message).toBe(
      'weights: load: other shapes: fc1.weight: is [5, 3, 2, 4] but the model has [5, 24]',
    );
  });
});
