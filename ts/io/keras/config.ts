import { FormatError } from '../../errors.ts';
import { isObject } from '../safetensors/json.ts';
import type { KerasLayer, KerasLayers } from './layers.ts';

/** What a model's configuration says of a layer. */
export interface ConfiguredLayer {
  readonly name: string;
  /** Its group in a weights file: the class in snake case, numbered. */
  readonly group: string;
  readonly epsilon?: number;
  readonly momentum?: number;
}

/**
 * Layers of a functional or sequential model, in order; none for a subclassed one, whose configuration has no list.
 *
 * @throws {FormatError} for text that is not JSON
 */
export function configuredLayers(text: string, file: string): ConfiguredLayer[] {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${file}: keras: its configuration is not JSON`, { cause });
  }
  const inner = isObject(config) && isObject(config['config']) ? config['config'] : {};
  const layers = Array.isArray(inner['layers']) ? inner['layers'].filter(isObject) : [];
  const counts = new Map<string, number>();
  return layers.map((layer) => {
    const kind = snakeCase(String(layer['class_name']));
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const settings = isObject(layer['config']) ? layer['config'] : {};
    const { epsilon, momentum } = settings;
    return {
      name: String(settings['name'] ?? layer['name']),
      group: count === 0 ? kind : `${kind}_${count}`,
      ...(typeof epsilon === 'number' && { epsilon }),
      ...(typeof momentum === 'number' && { momentum }),
    };
  });
}

/** Adds batch norm's settings to layers. */
export function withSettings(
  layers: KerasLayers,
  configured: readonly ConfiguredLayer[],
): KerasLayers {
  const byName = new Map(configured.map((layer) => [layer.name, layer]));
  const settingsOf = (name: string): Pick<KerasLayer, 'epsilon' | 'momentum'> => {
    const { epsilon, momentum } = byName.get(name) ?? {};
    return {
      ...(epsilon !== undefined && { epsilon }),
      ...(momentum !== undefined && { momentum }),
    };
  };
  return new Map([...layers].map(([name, layer]) => [name, { ...layer, ...settingsOf(name) }]));
}

/** As Keras names groups: `Conv2D` is `conv2d`, `BatchNormalization` is `batch_normalization`. */
function snakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
