import type { Shape } from '../../base/shape.ts';

/** Keras's names for what a layer has learned. */
export type KerasKind = 'kernel' | 'bias' | 'gamma' | 'beta' | 'moving_mean' | 'moving_variance';

/** A variable in Keras's layout, which is ours; its values are read when they are asked for. */
export interface KerasVariable {
  readonly shape: Shape;
  /** Row-major values. */
  values(): Float32Array;
}

/** Settings of a layer as the file's configuration states them. */
export type KerasSettings = Readonly<Record<string, unknown>>;

/** A layer of a Keras file that has variables a network here may take. */
export interface KerasLayer {
  /**
   * What it may be called, likeliest first: Keras's own names or paths of attributes with slashes between, with and
   * without the models that it lies in, and the path of its group.
   */
  readonly names: readonly string[];
  readonly variables: ReadonlyMap<KerasKind, KerasVariable>;
  /** None where the file has no configuration of the layer. */
  readonly settings: KerasSettings;
  /** Height and width of what it reads, where stated. */
  readonly inputSize?: readonly [number, number];
}

/** A layer that no network here has: what it does to the images is left to whoever loads the file. */
export interface KerasOtherLayer {
  readonly name: string;
  /** Its class: `Rescaling`, or in snake case where the file holds weights alone. */
  readonly kind: string;
  /** Its settings, where the file states them, without those that every layer has. */
  readonly settings: KerasSettings;
}

/** Weights that are no layer's that a network here may have. */
export interface KerasUnknown {
  readonly name: string;
  /** What is wrong with them, as an error says it. */
  readonly fact: string;
}

/** What a Keras file holds. */
export interface KerasFile {
  readonly layers: readonly KerasLayer[];
  readonly others: readonly KerasOtherLayer[];
  readonly unknown: readonly KerasUnknown[];
  /** Groups and variables that are no layer's: the optimizer's, states of random numbers, counters. */
  readonly passedOver: readonly string[];
  /** What is done to an image's values in front of the first layer with weights, where that is a scale and an offset. */
  readonly normalisation?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Whether it pads images by a layer of its own. */
  readonly pads: boolean;
}

const NORM: readonly KerasKind[] = ['gamma', 'beta', 'moving_mean', 'moving_variance'];
const LINEAR: readonly KerasKind[] = ['kernel', 'bias'];
/** Names that variables are stored under where they have any. */
export const KINDS: readonly KerasKind[] = [...LINEAR, ...NORM];

export const isKind = (name: string): name is KerasKind => KINDS.some((kind) => kind === name);

/** Classes whose kernels have another meaning than a convolution's or a dense layer's. */
const FOREIGN = /^(conv[13]d|(conv2d|conv3d)_transpose|depthwise_conv\w*|separable_\w+|embedding)$/;

/**
 * Names the variables of a layer that are stored by number, as Keras 3 does; undefined for those of another kind of layer.
 *
 * @param kind its class in snake case, where that is known
 */
export function numbered(
  variables: readonly KerasVariable[],
  settings: KerasSettings,
  kind: string | undefined,
): Map<KerasKind, KerasVariable> | undefined {
  if (kind !== undefined && FOREIGN.test(kind)) return undefined;
  const [first, second] = variables;
  const isLinear =
    variables.length <= 2 && first!.shape.length > 1 && (!second || second.shape.length === 1);
  // Batch norm may do without gamma or beta, which only the configuration tells.
  const norm = NORM.filter(
    (name) =>
      !(name === 'gamma' && settings['scale'] === false) &&
      !(name === 'beta' && settings['center'] === false),
  );
  const isNorm =
    variables.length === norm.length && variables.every(({ shape }) => shape.length === 1);
  if (!isNorm && !isLinear) return undefined;
  const kinds = isNorm ? norm : LINEAR;
  return new Map(variables.map((variable, i) => [kinds[i]!, variable]));
}

/** What is said of weights that {@link numbered} does not know. */
export function unknownNumbered(variables: readonly KerasVariable[]): string {
  const ranks = variables.map(({ shape }) => shape.length).join(', ');
  return `has variables of ${ranks} axes but must be a convolution, a dense layer or batch norm`;
}

/** `layers/conv2d_1` → `conv2d`: Keras numbers the groups of a class from the second on. */
export const kindOfGroup = (group: string): string => group.replace(/_\d+$/, '');
