import { isObject } from '../safetensors/json.ts';
import type { ConfiguredLayer } from './config.ts';
import { kindOfGroup, type KerasOtherLayer, type KerasSettings } from './layers.ts';

/** Layers that networks here have, or that do nothing to an image when it is classified. */
const KNOWN = new Set([
  'InputLayer',
  'Conv2D',
  'Dense',
  'BatchNormalization',
  'MaxPooling2D',
  'AveragePooling2D',
  'GlobalAveragePooling2D',
  'ZeroPadding2D',
  'Add',
  'Concatenate',
  'Dropout',
  'SpatialDropout2D',
  'Flatten',
  'Functional',
  'Model',
  'Sequential',
  'Softmax',
]);
const ACTIVATIONS = new Set(['relu', 'linear', 'softmax']);
/** Settings that every layer has. */
const COMMON = new Set(['name', 'trainable', 'dtype', 'data_format', 'seed', 'axis']);

/** Layers of a configuration that no network here has; those with weights of their own are told by their weights. */
export function otherLayers(
  configured: readonly ConfiguredLayer[],
  hasWeights: (layer: ConfiguredLayer) => boolean,
): KerasOtherLayer[] {
  return configured
    .filter((layer) => !isKnown(layer) && !hasWeights(layer))
    .map(({ name, kind, settings, numbers }) => ({
      name,
      kind,
      settings: {
        ...ownSettings(settings),
        ...(numbers.length > 0 && { operands: numbers.map(({ value }) => value) }),
      },
    }));
}

/** Whether a group of a weights file without configuration is one of a layer that networks here have. */
export function isKnownGroup(group: string): boolean {
  const name = kindOfGroup(group).replaceAll('_', '');
  return [...KNOWN, 'Activation', 'ReLU'].some((kind) => kind.toLowerCase() === name);
}

function isKnown({ kind, settings, isOperation, isPure }: ConfiguredLayer): boolean {
  if (isOperation) return (kind === 'Add' || kind === 'Concatenate') && isPure;
  if (kind === 'Activation') return ACTIVATIONS.has(String(settings['activation']));
  if (kind !== 'ReLU') return KNOWN.has(kind);
  const { max_value: most, negative_slope: slope, threshold } = settings;
  return (most ?? null) === null && !slope && !threshold;
}

/** The settings that tell what a layer does. */
export function ownSettings(settings: KerasSettings): KerasSettings {
  return Object.fromEntries(
    Object.entries(settings).filter(
      ([name, value]) => !COMMON.has(name) && value !== null && !isObject(value),
    ),
  );
}
