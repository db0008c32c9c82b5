import { StateDictError } from '../../errors.ts';
import { BatchNorm2d } from '../../nn/batchNorm2d.ts';
import { Conv2d } from '../../nn/conv2d.ts';
import type { Module } from '../../nn/module.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { listNames, type Rename } from '../weights/names.ts';
import { isCounter } from '../weights/slot.ts';
import type { KerasKind, KerasLayers, KerasVariable } from './layers.ts';
import { networkOf, type KerasNetwork } from './names.ts';
import { readKerasLayers } from './read.ts';

/** How {@link loadKerasWeights} matches a file with a network. */
export interface LoadKerasOptions {
  /** What errors call the file; `weights` by default. */
  readonly name?: string;
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

/** What {@link loadKerasWeights} took. */
export interface KerasReport {
  /** Names of the network that got values. */
  readonly loaded: readonly string[];
  /** Convolution biases that the network has not: they went into the running mean of the batch norm behind. */
  readonly folded: readonly string[];
}

const OUR_KINDS: Readonly<Record<KerasKind, string>> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

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
 * loadKerasWeights(resnet50({ strideOn: '1x1' }), await readFile('resnet50.keras'));
 */
export function loadKerasWeights(
  model: Module,
  bytes: Uint8Array,
  options: LoadKerasOptions = {},
): KerasReport {
  const file = options.name ?? 'weights';
  const layers = readKerasLayers(bytes, file);
  const network = networkOf([...layers.keys()], options.layers);
  const modules = new Map(model.modules());
  checkStride(network, modules, file);
  const { given, folded } = namedLikeModel(layers, network, modules, file);
  const changes = matched(model, given, file);
  for (const { tensor, data } of changes) tensor.write(data);
  setNorms(layers, network, modules, options);
  return { loaded: changes.map(({ name }) => name), folded };
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

/** Variables by our names; biases of convolutions that have none here are put into the batch norms behind. */
function namedLikeModel(
  layers: KerasLayers,
  network: KerasNetwork,
  modules: ReadonlyMap<string, Module>,
  file: string,
): { given: Map<string, KerasVariable>; folded: string[] } {
  const given = new Map<string, KerasVariable>();
  const biases = new Map<string, KerasVariable>();
  for (const [layer, { variables }] of layers) {
    const path = network.pathOf(layer);
    for (const [kind, variable] of variables) {
      const module = modules.get(path);
      const name = `${path}.${OUR_KINDS[kind]}`;
      if (kind === 'bias' && module instanceof Conv2d && !module.bias) biases.set(path, variable);
      else if (!given.has(name)) given.set(name, variable);
      else {
        throw new StateDictError(
          `${file}: keras: ${layer} and another layer are both ${path} but it takes one`,
        );
      }
    }
  }
  for (const [path, bias] of biases) {
    const name = `${normBehind(path)}.running_mean`;
    const mean = given.get(name);
    if (!mean || !sameShape(mean.shape, bias.shape)) {
      throw new StateDictError(
        `${file}: keras: ${path} has a bias but the model has none there, and no batch norm behind it`,
      );
    }
    given.set(name, { ...mean, data: mean.data.map((value, i) => value - bias.data[i]!) });
  }
  return { given, folded: [...biases.keys()].map((path) => `${path}.bias`) };
}

/** `layer1.0.conv2` → `layer1.0.bn2`, `layer1.0.downsample.0` → `layer1.0.downsample.1`. */
function normBehind(path: string): string {
  return path.endsWith('.0') ? path.replace(/0$/, '1') : path.replace(/conv(\d+)$/, 'bn$1');
}

/** What is to be written, once all of it is known to fit. */
function matched(model: Module, given: ReadonlyMap<string, KerasVariable>, file: string): Change[] {
  const own = [...model.stateDict()].filter(([name]) => !isCounter(name));
  const names = new Set(own.map(([name]) => name));
  const missing = [...names].filter((name) => !given.has(name));
  const unexpected = [...given.keys()].filter((name) => !names.has(name));
  if (missing.length + unexpected.length > 0) {
    throw new StateDictError(`${file}: keras: ${listNames({ missing, unexpected })}`);
  }
  return own.map(([name, tensor]) => {
    const { shape, data } = given.get(name)!;
    if (!sameShape(shape, tensor.shape)) {
      const [is, has] = [shape, tensor.shape].map(formatShape);
      throw new StateDictError(`${file}: keras: ${name}: is ${is} but the model has ${has}`);
    }
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      throw new StateDictError(
        `${file}: keras: ${name}: is ${data[at]} at element ${at} but must be a finite f32`,
      );
    }
    return { name, tensor, data };
  });
}

function setNorms(
  layers: KerasLayers,
  network: KerasNetwork,
  modules: ReadonlyMap<string, Module>,
  options: LoadKerasOptions,
): void {
  for (const [layer, { epsilon, momentum }] of layers) {
    const module = modules.get(network.pathOf(layer));
    if (!(module instanceof BatchNorm2d)) continue;
    module.eps = epsilon ?? options.epsilon ?? network.epsilon;
    module.momentum = 1 - (momentum ?? options.momentum ?? network.momentum);
  }
}
