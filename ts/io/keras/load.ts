import { FormatError, StateDictError } from '../../base/errors.ts';
import { BatchNorm2d } from '../../nn/batchNorm2d.ts';
import { Conv2d } from '../../nn/conv2d.ts';
import type { Module } from '../../nn/module.ts';
import { formatShape, sameShape, sizeOf } from '../../base/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { listNames, type Rename } from '../weights/names.ts';
import { isCounter } from '../weights/slot.ts';
import { differingGeometry } from './geometry.ts';
import type { KerasFile, KerasKind, KerasLayer, KerasOtherLayer, KerasVariable } from './layers.ts';
import { networkOf, type KerasNetwork } from './names.ts';
import { placesOf } from './places.ts';
import { readKerasFile } from './read.ts';

/** How {@link loadKerasWeights} matches a file with a network. */
export interface LoadKerasOptions {
  /** What errors call the file; `weights` by default. */
  readonly name?: string;
  /**
   * Throw when something is missing, left over, of another shape, or has other strides or padding; true by default.
   * Otherwise that is passed over and reported: another number of classes, a network without its top.
   */
  readonly strict?: boolean;
  /**
   * Paths of modules by names of Keras layers, or of the groups that they are in, with dots between; or a function of
   * such a name. By default ResNet-50 and DenseNet-121 of Keras's applications are known, and other names are taken for
   * paths, `shortcut` for `downsample`.
   */
  readonly layers?: Rename;
  /** Batch norm's epsilon where the file does not state it: 1.001e-5 in the applications, 1e-3 elsewhere by default. */
  readonly epsilon?: number;
  /** Batch norm's momentum in Keras's sense, weight of the old value, where the file does not state it; 0.99 by default. */
  readonly momentum?: number;
}

/** What {@link loadKerasWeights} took, and what else the file has. */
export interface KerasReport {
  /** Names of the network that got values. */
  readonly loaded: readonly string[];
  /** Convolution biases that the network has not: they went into the running mean of the batch norm behind. */
  readonly folded: readonly string[];
  /** Names of the network that the file does not have. */
  readonly missing: readonly string[];
  /** Names of the file that the network does not have. */
  readonly unexpected: readonly string[];
  /** Names of both whose shapes differ: `fc.weight: is [512, 1000] but the model has [512, 10]`. */
  readonly mismatched: readonly string[];
  /** Convolutions that the file moves otherwise: `conv1: strides [2, 2] but the model has [1, 1]`. */
  readonly differing: readonly string[];
  /**
   * Layers that no network here has, with their settings: what they do is not done. Rescaling and normalisation in front
   * of the network are among them; see {@link normalisation}.
   */
  readonly otherLayers: readonly KerasOtherLayer[];
  /**
   * Mean and deviation for `normalise`, which then does to pixels of 0 to 255 what the file's first layers do; undefined
   * where these do nothing, or more than to scale and shift.
   */
  readonly normalisation?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Groups and variables that are no layer's: the optimizer's, states of random numbers, counters. */
  readonly passedOver: readonly string[];
  /** Batch norms whose epsilon the file does not state; they got the option's or the network's. */
  readonly assumed: readonly string[];
}

const OUR_KINDS: Readonly<Record<KerasKind, string>> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};
/** Room for what a file holds besides the weights of a network: three times as many of the optimizer, names, other layers. */
const [MOST_TIMES, SPARE_BYTES] = [16, 1 << 26];

interface Change {
  readonly name: string;
  readonly tensor: Tensor;
  readonly data: Float32Array;
}

/**
 * Takes a network's weights from a Keras file (`.keras`, `.weights.h5`, `.h5` or `.npz`), and the epsilon and momentum of its
 * batch norms with them. Layouts agree; Keras's momentum m is ours as 1 - m. Nothing changes unless everything fits.
 *
 * @throws {FormatError} for a file that is not what it claims to be
 * @throws {StateDictError} for one that does not fit the network
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { resnet50 } from 'residua';
 * import { loadKerasWeights } from 'residua/keras';
 *
 * const load = async (path) => loadKerasWeights(resnet50({ strideOn: '1x1' }), await readFile(path));
 */
export function loadKerasWeights(
  model: Module,
  bytes: Uint8Array,
  options: LoadKerasOptions = {},
): KerasReport {
  const { name: file = 'weights', strict = true } = options;
  const own = [...model.stateDict()].filter(([name]) => !isCounter(name));
  const modelBytes = own.reduce((sum, [, { shape }]) => sum + 4 * sizeOf(shape), 0);
  const most = MOST_TIMES * modelBytes + 8 * bytes.length + SPARE_BYTES;
  const contents = readKerasFile(bytes, file, most);
  const { layers, others, unknown, passedOver, normalisation } = contents;
  if (strict && unknown.length > 0) throw new FormatError(unknown[0]!.fact);
  const modules = new Map(model.modules());
  const network = networkOf(
    layers.map(({ names: [name] }) => name!),
    options.layers,
  );
  const places = placesOf(layers, network, model);
  checkStride(network, modules, file);
  const { given, folded, left } = namedLikeModel(contents, places, modules, file, strict);
  const names = new Set(own.map(([name]) => name));
  const missing = [...names].filter((name) => !given.has(name));
  const unexpected = [
    ...[...given.keys()].filter((name) => !names.has(name)),
    ...left,
    ...unknown.map(({ name }) => name),
  ];
  const mismatched: string[] = [];
  const fitting = own.filter(([name, tensor]) => {
    const shape = given.get(name)?.shape;
    if (!shape || sameShape(shape, tensor.shape)) return shape !== undefined;
    const [is, has] = [shape, tensor.shape].map(formatShape);
    mismatched.push(`${name}: is ${is} but the model has ${has}`);
    return false;
  });
  const differing = layers.flatMap((layer, index) => {
    const module = modules.get(places[index]!);
    if (!(module instanceof Conv2d)) return [];
    const fact = differingGeometry(module, layer, contents.pads);
    return fact === undefined ? [] : [`${places[index]}: ${fact}`];
  });
  if (strict) refuse({ missing, unexpected, mismatched, differing, passedOver }, file);
  const changes = fitting.map(([name, tensor]) => readChange(name, tensor, given.get(name)!, file));
  for (const { tensor, data } of changes) tensor.write(data);
  const loaded = changes.map(({ name }) => name);
  const assumed = setNorms(layers, places, network, modules, new Set(loaded), options);
  return {
    loaded,
    folded,
    missing,
    unexpected,
    mismatched,
    differing,
    otherLayers: others,
    ...(normalisation && { normalisation }),
    passedOver,
    assumed,
  };
}

/** The strides of a wrong ResNet would go unnoticed, as they have no weights. */
function checkStride(
  { name }: KerasNetwork,
  modules: ReadonlyMap<string, Module>,
  file: string,
): void {
  const second = modules.get('layer2.0.conv2');
  if (name !== 'ResNet50' || !(second instanceof Conv2d) || second.stride[0] === 1) return;
  throw new StateDictError(
    `${file}: keras: ResNet50 has its strides on the first 1×1 convolutions but the model on the 3×3: make it with ` +
      "{ strideOn: '1x1' }",
  );
}

interface Named {
  readonly given: ReadonlyMap<string, KerasVariable>;
  readonly folded: readonly string[];
  /** Biases that nothing here can take. */
  readonly left: readonly string[];
}

/** Variables by our names; biases of convolutions that have none here are put into the batch norms behind. */
function namedLikeModel(
  { layers }: KerasFile,
  places: readonly string[],
  modules: ReadonlyMap<string, Module>,
  file: string,
  strict: boolean,
): Named {
  const given = new Map<string, KerasVariable>();
  const biases = new Map<string, KerasVariable>();
  const byPath = new Map<string, KerasLayer>();
  for (const [index, layer] of layers.entries()) {
    const path = places[index]!;
    const module = modules.get(path);
    const other = byPath.get(path);
    if (other) {
      throw new StateDictError(
        `${file}: keras: ${other.names[0]} and ${layer.names[0]} are both ${path} but it takes one`,
      );
    }
    byPath.set(path, layer);
    for (const [kind, variable] of layer.variables) {
      if (kind === 'bias' && module instanceof Conv2d && !module.bias) biases.set(path, variable);
      else given.set(`${path}.${OUR_KINDS[kind]}`, variable);
    }
    if (module instanceof BatchNorm2d) fillNorm(path, layer, given);
  }
  const left: string[] = [];
  for (const [path, bias] of biases) {
    const name = `${normBehind(path)}.running_mean`;
    const mean = given.get(name);
    if (mean && sameShape(mean.shape, bias.shape)) {
      given.set(name, { shape: mean.shape, values: () => difference(mean, bias) });
    } else if (strict) {
      throw new StateDictError(
        `${file}: keras: ${path} has a bias but the model has none there, and no batch norm behind it`,
      );
    } else {
      left.push(`${path}.bias`);
    }
  }
  const folded = [...biases.keys()].map((path) => `${path}.bias`);
  return { given, folded: folded.filter((name) => !left.includes(name)), left };
}

/** Batch norm without gamma or beta multiplies by one and adds zero. */
function fillNorm(path: string, layer: KerasLayer, given: Map<string, KerasVariable>): void {
  const shape = layer.variables.get('moving_mean')?.shape;
  if (!shape) return;
  const constant = (value: number): KerasVariable => ({
    shape,
    values: () => new Float32Array(sizeOf(shape)).fill(value),
  });
  if (!layer.variables.has('gamma')) given.set(`${path}.weight`, constant(1));
  if (!layer.variables.has('beta')) given.set(`${path}.bias`, constant(0));
}

function difference(mean: KerasVariable, bias: KerasVariable): Float32Array {
  const biases = bias.values();
  return mean.values().map((value, i) => value - biases[i]!);
}

/** `layer1.0.conv2` → `layer1.0.bn2`, `layer1.0.downsample.0` → `layer1.0.downsample.1`. */
function normBehind(path: string): string {
  return path.endsWith('.0') ? path.replace(/0$/, '1') : path.replace(/conv(\d+)$/, 'bn$1');
}

function refuse(
  lists: Pick<KerasReport, 'missing' | 'unexpected' | 'mismatched' | 'differing' | 'passedOver'>,
  file: string,
): void {
  const { missing, unexpected, mismatched, differing, passedOver } = lists;
  if (missing.length + unexpected.length > 0) {
    const found = listNames({
      missing,
      unexpected,
      'other shapes': mismatched,
      ...(missing.length > 0 && { 'not read': passedOver }),
    });
    throw new StateDictError(`${file}: keras: ${found}`);
  }
  const fact = mismatched[0] ?? differing[0];
  if (fact !== undefined) throw new StateDictError(`${file}: keras: ${fact}`);
}

/** Values that are to be written, once all is known to fit. */
function readChange(name: string, tensor: Tensor, variable: KerasVariable, file: string): Change {
  const data = variable.values();
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new StateDictError(
      `${file}: keras: ${name}: is ${data[at]} at element ${at} but must be a finite f32`,
    );
  }
  return { name, tensor, data };
}

/** Sets epsilon and momentum where weights were loaded; returns the paths of those that the file says nothing of. */
function setNorms(
  layers: readonly KerasLayer[],
  places: readonly string[],
  network: KerasNetwork,
  modules: ReadonlyMap<string, Module>,
  loaded: ReadonlySet<string>,
  options: LoadKerasOptions,
): string[] {
  const assumed: string[] = [];
  for (const [index, { settings }] of layers.entries()) {
    const path = places[index]!;
    const module = modules.get(path);
    if (!(module instanceof BatchNorm2d) || !loaded.has(`${path}.running_var`)) continue;
    const { epsilon, momentum } = settings;
    const isStated = typeof epsilon === 'number';
    if (!isStated) assumed.push(path);
    module.eps = isStated ? epsilon : (options.epsilon ?? network.epsilon);
    const kept = typeof momentum === 'number' ? momentum : (options.momentum ?? network.momentum);
    module.momentum = 1 - kept;
  }
  return assumed;
}
