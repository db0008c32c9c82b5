import { Dataset, File, Group } from 'jsfive';
import { FormatError } from '../../errors.ts';
import { configuredLayers, withSettings, type ConfiguredLayer } from './config.ts';
import { NamedVariables, numbered, type KerasLayers, type KerasVariable } from './layers.ts';

/**
 * Reads the layers of an HDF5 file: weights of Keras 3 (`.weights.h5`), or weights or a model of the older format (`.h5`).
 *
 * @param configured layers of the model, where another file states them
 * @throws {FormatError} for a file that is damaged or holds something else
 */
export function readHdf5(
  bytes: Uint8Array,
  file: string,
  configured: readonly ConfiguredLayer[] = [],
): KerasLayers {
  try {
    const { buffer, byteOffset, byteLength } = bytes;
    const root = new File(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer, file);
    if (root.keys.includes('layers')) return numberedLayers(root, file, configured);
    const weights = root.keys.includes('model_weights') ? root.get('model_weights') : root;
    const layers = namedLayers(weights as Group, file);
    const text = root.attrs['model_config'];
    return typeof text === 'string' ? withSettings(layers, configuredLayers(text, file)) : layers;
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`${file}: keras: is no HDF5 file: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Keras 3: `layers/<group>/vars/<number>`, the layer's name an attribute of `vars`. */
function numberedLayers(
  root: Group,
  file: string,
  configured: readonly ConfiguredLayer[],
): KerasLayers {
  const nameOfGroup = new Map(configured.map(({ group, name }) => [`layers/${group}`, name]));
  const layers = new Map<string, { variables: ReturnType<typeof numbered> }>();
  const visit = (group: Group, path: string): void => {
    for (const key of group.keys) {
      const child = group.get(key);
      if (!(child instanceof Group)) continue;
      if (key !== 'vars') {
        visit(child, path === '' ? key : `${path}/${key}`);
        continue;
      }
      if (child.keys.length === 0) continue;
      const given = child.attrs['name'];
      const isTop = path.split('/').length === 2;
      const own = typeof given === 'string' && isTop ? given : nameOfGroup.get(path);
      const name = own ?? path.replaceAll(/(^|\/)layers(?=\/)/g, '').replace(/^\//, '');
      const order = child.keys.toSorted((a, b) => Number(a) - Number(b));
      const variables = order.map((number) => variableOf(child.get(number), `${file}: ${name}`));
      layers.set(name, { variables: numbered(variables, `${file}: ${name}`) });
    }
  };
  visit(root, '');
  return withSettings(layers, configured);
}

/** Before Keras 3: `<layer>/<scope>/<kind>:0`, listed by attributes. */
function namedLayers(root: Group, file: string): KerasLayers {
  const found = new NamedVariables(file);
  for (const layer of root.keys) {
    const visit = (group: Group): void => {
      for (const key of group.keys) {
        const child = group.get(key);
        if (child instanceof Group) visit(child);
        else found.add(layer, key.replace(/:0$/, ''), variableOf(child, `${file}: ${layer}`));
      }
    };
    const group = root.get(layer);
    if (group instanceof Group) visit(group);
  }
  return found.layers;
}

function variableOf(dataset: Group | Dataset, place: string): KerasVariable {
  if (!(dataset instanceof Dataset) || !/^[<>=|]?f[248]$/.test(dataset.dtype)) {
    const what = dataset instanceof Dataset ? dataset.dtype : 'a group';
    throw new FormatError(`${place}: keras: holds ${what} where an array of floats must be`);
  }
  return { shape: dataset.shape, data: Float32Array.from(dataset.value) };
}
