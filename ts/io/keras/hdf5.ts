import { FormatError } from '../../base/errors.ts';
import { bfloatToFloat, halfToFloat } from '../half.ts';
import { Hdf5Dataset, Hdf5Group, openHdf5 } from '../hdf5/file.ts';
import { configuredLayers, type ConfiguredLayer } from './config.ts';
import {
  kindOfGroup,
  numbered,
  unknownNumbered,
  type KerasFile,
  type KerasLayer,
  type KerasOtherLayer,
  type KerasUnknown,
  type KerasVariable,
} from './layers.ts';
import { NamedVariables } from './namedVariables.ts';
import { normalisationOf } from './normalisation.ts';
import { isKnownGroup, otherLayers } from './otherLayers.ts';

/** Groups inside groups; Keras's models are hardly ever more than a few deep. */
const MOST_DEPTH = 64;

/**
 * Reads the layers of an HDF5 file: weights of Keras 3 (`.weights.h5`), or weights or a model of the older format (`.h5`).
 *
 * @param text the model's configuration, where another file states it
 * @throws {FormatError} for a file that is damaged or holds something else
 */
export function readHdf5(bytes: Uint8Array, file: string, text?: string): KerasFile {
  const root = openHdf5(bytes, file);
  const isOld = root.keys.includes('model_weights') || root.text('layer_names') !== undefined;
  const config = text ?? (isOld ? root.text('model_config') : undefined);
  const configured = config === undefined ? [] : configuredLayers(config, file);
  if (isNamed(root)) return namedLayers(root, file, configured);
  return new NumberedFile(file, configured).read(root);
}

/** Before Keras 3 there were no groups `vars`, and names of layers at the top. */
function isNamed(root: Hdf5Group): boolean {
  if (root.keys.includes('model_weights')) return true;
  return !hasVars(root, MOST_DEPTH);
}

function hasVars(group: Hdf5Group, depth: number): boolean {
  if (group.keys.includes('vars')) return true;
  if (depth === 0) return false;
  return group.keys.some((key) => {
    const child = group.get(key);
    return child instanceof Hdf5Group && hasVars(child, depth - 1);
  });
}

/** A group on the way to variables. */
interface Step {
  readonly key: string;
  /** The layer's own name, where its group says it. */
  readonly name: string;
  /** Whether it is a list of layers, which no name has. */
  readonly isList: boolean;
  /** Whether it is a model, whose layers may be a network's alone. */
  readonly isModel: boolean;
}

/** Keras 3: `layers/<class>_<number>/vars/<number>` or `<attribute>/vars/<number>`; the layer's name an attribute of `vars`. */
class NumberedFile {
  readonly #file: string;
  readonly #configured: readonly ConfiguredLayer[];
  readonly #byGroup: ReadonlyMap<string, ConfiguredLayer>;
  readonly #layers: KerasLayer[] = [];
  readonly #unknown: KerasUnknown[] = [];
  readonly #passedOver: string[] = [];
  readonly #others: KerasOtherLayer[] = [];
  /** Statistics of layers that learned them from the data. */
  readonly #adapted = new Map<string, KerasOtherLayer['settings']>();
  readonly #withWeights = new Set<string>();

  constructor(file: string, configured: readonly ConfiguredLayer[]) {
    this.#file = file;
    this.#configured = configured;
    this.#byGroup = new Map(configured.map((layer) => [layer.group, layer]));
  }

  read(root: Hdf5Group): KerasFile {
    this.#visit(root, '', [], MOST_DEPTH);
    const configured = this.#configured.map((layer) => {
      const adapted = this.#adapted.get(layer.group);
      return adapted ? { ...layer, settings: { ...layer.settings, ...adapted } } : layer;
    });
    const stated = otherLayers(configured, ({ group }) =>
      [...this.#withWeights].some((path) => path === group || path.startsWith(`${group}/`)),
    );
    const normalisation = normalisationOf(configured);
    return {
      layers: this.#layers,
      others: configured.length > 0 ? stated : this.#others,
      unknown: this.#unknown,
      passedOver: this.#passedOver,
      pads: configured.length === 0 || configured.some(({ kind }) => kind === 'ZeroPadding2D'),
      ...(normalisation && { normalisation }),
    };
  }

  #visit(group: Hdf5Group, path: string, steps: readonly Step[], depth: number): void {
    if (depth === 0) {
      throw new FormatError(`${this.#file}: keras: ${path} is more than ${MOST_DEPTH} groups deep`);
    }
    for (const key of group.keys) {
      const child = group.get(key);
      if (!(child instanceof Hdf5Group)) continue;
      if (path === '' && key === 'optimizer') {
        this.#passedOver.push(key);
      } else if (key === 'vars') {
        if (steps.length > 0) this.#add(child, path, steps);
      } else {
        const childPath = path === '' ? key : `${path}/${key}`;
        const isList = key === 'layers';
        const isModel = child.keys.includes('layers');
        const name = isList ? key : this.#nameOf(child, childPath, steps.at(-1)?.isList ?? false);
        this.#visit(child, childPath, [...steps, { key, name, isList, isModel }], depth - 1);
      }
    }
  }

  /** A layer in a list has its own name, an attribute that of the attribute. */
  #nameOf(group: Hdf5Group, path: string, isListed: boolean): string {
    const key = path.slice(path.lastIndexOf('/') + 1);
    if (!isListed) return key;
    const configured = this.#byGroup.get(path)?.name;
    if (configured !== undefined) return configured.slice(configured.lastIndexOf('/') + 1);
    const vars = group.get('vars');
    return (vars instanceof Hdf5Group && vars.text('name')) || key;
  }

  #add(vars: Hdf5Group, path: string, steps: readonly Step[]): void {
    const names = namesOf(steps, path);
    const [name] = names as [string];
    const configured = this.#byGroup.get(path);
    const kind = steps.at(-2)?.isList ? kindOfGroup(steps.at(-1)!.key) : undefined;
    const keys = vars.keys.toSorted((a, b) => Number(a) - Number(b));
    const variables: KerasVariable[] = [];
    for (const key of keys) {
      const dataset = vars.get(key);
      if (!(dataset instanceof Hdf5Dataset)) continue;
      const variable = variableOf(dataset);
      if (variable) variables.push(variable);
      else this.#passedOver.push(`${path}/vars/${key} (${dataset.type.name})`);
    }
    if (kind === 'normalization' && variables.length >= 2) {
      const [mean, variance] = variables.map((variable) => [...smallValues(variable)]);
      this.#adapted.set(path, { mean, variance });
      this.#others.push({ name, kind, settings: { mean, variance } });
    } else if (variables.some(({ shape }) => shape.length > 0)) {
      this.#withWeights.add(path);
      const settings = configured?.settings ?? {};
      const named = numbered(variables, settings, kind);
      const inputSize = configured?.inputSize;
      if (named) {
        this.#layers.push({ names, variables: named, settings, ...(inputSize && { inputSize }) });
      } else {
        const fact = `${this.#file}: ${name}: keras: ${unknownNumbered(variables)}`;
        this.#unknown.push({ name, fact });
      }
    } else if (variables.length > 0) {
      this.#passedOver.push(path);
    } else if (kind !== undefined && !isKnownGroup(kind) && !steps.at(-1)!.isModel) {
      this.#others.push({ name, kind, settings: {} });
    }
  }
}

/** Values of a variable that no network takes: a statistic by channel. */
function smallValues(variable: KerasVariable): Float32Array {
  const size = variable.shape.reduce((product, length) => product * length, 1);
  return size <= 4096 ? variable.values() : new Float32Array();
}

/** What a layer may be called: with all its models, with fewer and fewer of them, and by its groups. */
function namesOf(steps: readonly Step[], path: string): string[] {
  const named = steps.filter(({ isList }) => !isList);
  const names: string[] = [];
  const join = (from: number): string =>
    named
      .slice(from)
      .map(({ name }) => name)
      .join('/');
  names.push(join(0));
  for (let from = 1; from < named.length && named[from - 1]!.isModel; from++)
    names.push(join(from));
  const keys = named.map(({ key }) => key).join('/');
  return [...new Set([...names, keys, path])];
}

/** Before Keras 3: `<layer>/<scope>/<kind>:0`, in models inside others `<model>/<layer>/<kind>:0`. */
function namedLayers(
  root: Hdf5Group,
  file: string,
  configured: readonly ConfiguredLayer[],
): KerasFile {
  const found = new NamedVariables(file, configured);
  const visit = (group: Hdf5Group, path: readonly string[]): void => {
    if (path.length > MOST_DEPTH) {
      throw new FormatError(`${file}: keras: ${path[0]} is more than ${MOST_DEPTH} groups deep`);
    }
    for (const key of group.keys) {
      const child = group.get(key);
      if (child instanceof Hdf5Group) {
        visit(child, [...path, key]);
      } else if (child) {
        found.add(path, key.replace(/:0$/, ''), variableOf(child), child.type.name);
      }
    }
  };
  const weights = root.get('model_weights');
  if (weights instanceof Hdf5Group) {
    visit(weights, []);
    if (root.keys.includes('optimizer_weights')) found.passOver('optimizer_weights');
  } else {
    visit(root, []);
  }
  return found.file();
}

/** Floats of a dataset; undefined where it holds others. */
function variableOf(dataset: Hdf5Dataset): KerasVariable | undefined {
  const { shape, type } = dataset;
  const isBfloat =
    type.kind === 'opaque' && type.size === 2 && dataset.text('dtype') === 'bfloat16';
  if (type.kind !== 'float' && !isBfloat) return undefined;
  return {
    shape,
    values() {
      const stored = new Uint8Array(dataset.values());
      if (!type.littleEndian && !isBfloat) swapBytes(stored, type.size);
      if (isBfloat) return bfloatToFloat(new Uint16Array(stored.buffer));
      if (type.size === 2) return halfToFloat(new Uint16Array(stored.buffer));
      if (type.size === 4) return new Float32Array(stored.buffer);
      return Float32Array.from(new Float64Array(stored.buffer));
    },
  };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
