import { naming, type Naming } from './naming.ts';

const oneMore = (number: string | undefined): number => Number(number) + 1;
const KINDS: Readonly<Record<string, readonly [main: string, shortcut: string]>> = {
  convolution: ['conv', 'downsample.0'],
  normalization: ['bn', 'downsample.1'],
};

/**
 * Namings that are tried where a file's own names do not fit, for networks of the zoo. Others have a property `namings`.
 *
 * Sources: torchvision 0.14 `_load_state_dict` of DenseNet (its published files), timm 1.0 vgg.py and resnetv2.py, Hugging
 * Face transformers modeling_resnet.py.
 */
export const NAMINGS: readonly Naming[] = [
  naming("torchvision's published DenseNets", [
    [/^(.*denselayer\d+\.(?:norm|conv))\.([12]\.)/, '$1$2'],
  ]),
  naming("timm's VGG", [
    [/^pre_logits\.fc1\./, 'classifier.0.'],
    [/^pre_logits\.fc2\./, 'classifier.3.'],
    [/^head\.fc\./, 'classifier.6.'],
  ]),
  naming("timm's ResNetV2", [
    [/^stem\.conv\./, 'conv1.'],
    [/^head\.fc\./, 'fc.'],
    [
      /^stages\.(\d+)\.blocks\.(\d+)\.downsample\.conv\./,
      (stage, block) => `layer${oneMore(stage)}.${block}.downsample.`,
    ],
    [
      /^stages\.(\d+)\.blocks\.(\d+)\.(conv|norm)(\d)\./,
      (stage, block, kind, number) =>
        `layer${oneMore(stage)}.${block}.${kind === 'norm' ? 'bn' : kind}${number}.`,
    ],
  ]),
  naming("Hugging Face's ResNet", [
    [
      /^(?:resnet\.)?embedder\.embedder\.(convolution|normalization)\./,
      (kind) => `${KINDS[kind]![0]}1.`,
    ],
    [/^classifier\.1\./, 'fc.'],
    [
      /^(?:resnet\.)?encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.(convolution|normalization)\./,
      (stage, block, kind) => `layer${oneMore(stage)}.${block}.${KINDS[kind]![1]}.`,
    ],
    [
      /^(?:resnet\.)?encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.(convolution|normalization)\./,
      (stage, block, number, kind) =>
        `layer${oneMore(stage)}.${block}.${KINDS[kind]![0]}${oneMore(number)}.`,
    ],
  ]),
];

/** What all names begin with, whole parts of them with the dot behind: `module.`, `model.backbone.`; '' for nothing. */
export function commonPrefix(names: readonly string[]): string {
  const [first = '', ...others] = names;
  let prefix = first.slice(0, first.lastIndexOf('.') + 1);
  for (const name of others) {
    while (!name.startsWith(prefix)) {
      prefix = prefix.slice(0, prefix.lastIndexOf('.', prefix.length - 2) + 1);
    }
  }
  return prefix;
}
