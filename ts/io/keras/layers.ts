import { FormatError } from '../../errors.ts';
import type { Shape } from '../../shape.ts';

/** Keras's names for what a layer has learned. */
export type KerasKind = 'kernel' | 'bias' | 'gamma' | 'beta' | 'moving_mean' | 'moving_variance';

/** Row-major values of a variable, in Keras's layout, which is ours. */
export interface KerasVariable {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** A layer of a Keras file. */
export interface KerasLayer {
  readonly variables: ReadonlyMap<KerasKind, KerasVariable>;
  /** Batch norm's settings, where the file states them; `momentum` is the weight of the old value. */
  readonly epsilon?: number;
  readonly momentum?: number;
}

/** Layers that have variables, by name: Keras's own, or the path of attributes inside a subclassed model. */
export type KerasLayers = ReadonlyMap<string, KerasLayer>;

const NORM: readonly KerasKind[] = ['gamma', 'beta', 'moving_mean', 'moving_variance'];
const LINEAR: readonly KerasKind[] = ['kernel', 'bias'];
const KINDS = new Set<string>([...NORM, ...LINEAR]);

/** Names the variables of a layer that are stored by number, as Keras 3 does. */
export function numbered(
  variables: readonly KerasVariable[],
  place: string,
): Map<KerasKind, KerasVariable> {
  const isNorm = variables.length === 4 && variables.every(({ shape }) => shape.length === 1);
  const isLinear = variables.length <= 2 && variables[0]!.shape.length > 1;
  if (!isNorm && !isLinear) {
    const ranks = variables.map(({ shape }) => shape.length).join(', ');
    throw new FormatError(
      `${place}: keras: has variables of ${ranks} axes but must be a convolution, a dense layer or batch norm`,
    );
  }
  return new Map(variables.map((variable, i) => [(isNorm ? NORM : LINEAR)[i]!, variable]));
}

/** Collects variables that are stored under `<layer>/<kind>`. */
export class NamedVariables {
  readonly #layers = new Map<string, Map<KerasKind, KerasVariable>>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Throws {@link FormatError} for a kind that is not known. */
  add(layer: string, kind: string, variable: KerasVariable): void {
    if (!KINDS.has(kind)) {
      throw new FormatError(
        `${this.#file}: keras: ${layer} has a variable "${kind}" but known are ${[...KINDS].join(', ')}`,
      );
    }
    let variables = this.#layers.get(layer);
    if (!variables) this.#layers.set(layer, (variables = new Map<KerasKind, KerasVariable>()));
    variables.set(kind as KerasKind, variable);
  }

  get layers(): KerasLayers {
    return new Map([...this.#layers].map(([name, variables]) => [name, { variables }]));
  }
}
