import type { Rename } from '../weights/names.ts';
import { renamed } from '../weights/names.ts';

/** What is known of a network of Keras's applications, or of its tutorial. */
export interface KerasNetwork {
  readonly name: 'ResNet50' | 'DenseNet121' | 'other';
  /** Path of a module by the name of a Keras layer. */
  pathOf(layer: string): string;
  /** Batch norm's settings when the file does not state them. */
  readonly epsilon: number;
  readonly momentum: number;
  /** Whether the caller says which layer is which. */
  readonly isMapped: boolean;
}

const RESNET: readonly (readonly [RegExp, string])[] = [
  [/^conv1_conv$/, 'conv1'],
  [/^conv1_bn$/, 'bn1'],
  [/^predictions$/, 'fc'],
];
const DENSENET: readonly (readonly [RegExp, string])[] = [
  [/^conv1_conv$/, 'features.conv0'],
  [/^conv1_bn$/, 'features.norm0'],
  [/^bn$/, 'features.norm5'],
  [/^predictions$/, 'classifier'],
];

function resnetPath(layer: string): string {
  const match = /^conv(\d)_block(\d+)_(\d)_(conv|bn)$/.exec(layer);
  if (!match) return byTable(RESNET, layer);
  const [, stage, block, number, kind] = match;
  const inside =
    number === '0'
      ? `downsample.${kind === 'conv' ? 0 : 1}`
      : `${kind === 'conv' ? 'conv' : 'bn'}${number}`;
  return `layer${Number(stage) - 1}.${Number(block) - 1}.${inside}`;
}

function densenetPath(layer: string): string {
  const transition = /^pool(\d)_(conv|bn)$/.exec(layer);
  if (transition) {
    const [, number, kind] = transition;
    return `features.transition${Number(number) - 1}.${kind === 'conv' ? 'conv' : 'norm'}`;
  }
  const match = /^conv(\d)_block(\d+)_(\d)_(conv|bn)$/.exec(layer);
  if (!match) return byTable(DENSENET, layer);
  const [, stage, block, number, kind] = match;
  const inside = kind === 'conv' ? `conv${number}` : `norm${Number(number) + 1}`;
  return `features.denseblock${Number(stage) - 1}.denselayer${block}.${inside}`;
}

function byTable(table: readonly (readonly [RegExp, string])[], layer: string): string {
  return table.find(([pattern]) => pattern.test(layer))?.[1] ?? layer;
}

/** The tutorial's block, whose shortcut is called so; other names are paths of modules already. */
const otherPath = (layer: string): string => dotted(layer).replace(/^shortcut$/, 'downsample');

const dotted = (layer: string): string => layer.replaceAll('/', '.');

/** Tells a network by the names of its layers; `layers` are names of the caller's own. */
export function networkOf(names: readonly string[], layers: Rename | undefined): KerasNetwork {
  const applications = { epsilon: 1.001e-5, momentum: 0.99, isMapped: false };
  const own = new Set(names.map((name) => name.slice(name.lastIndexOf('/') + 1)));
  const has = (name: string): boolean => own.has(name);
  if (layers) {
    const pathOf = (layer: string): string => renamed(dotted(layer), layers);
    return { name: 'other', pathOf, epsilon: 1e-3, momentum: 0.99, isMapped: true };
  }
  if (has('conv2_block1_0_bn') && has('pool2_conv')) {
    return { name: 'DenseNet121', pathOf: densenetPath, ...applications };
  }
  if (has('conv2_block1_3_conv')) {
    return { name: 'ResNet50', pathOf: resnetPath, ...applications };
  }
  return { name: 'other', pathOf: otherPath, epsilon: 1e-3, momentum: 0.99, isMapped: false };
}
