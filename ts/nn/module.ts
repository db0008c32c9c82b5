import { dispose } from '../base/symbols.ts';
import { named } from '../core/apply.ts';
import { StateDictError } from '../base/errors.ts';
import { noteAll } from '../core/frozenBeside.ts';
import type { Normalisation } from '../base/normalisation.ts';
import { formatShape, sameShape, type Shape } from '../base/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { summary } from './summary.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';

/** `runningMean` → `running_mean`: property paths are torchvision's weight names. */
const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** How weights are taken from a state dict. */
export interface LoadOptions {
  /** Throw when a key is missing or left over; true by default. */
  readonly strict?: boolean;
}

const LOAD_OPTIONS: OptionNames<LoadOptions> = { strict: 1 };

/** Keys that did not match when weights were loaded. */
export interface LoadReport {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/** Each tensor under the first of its names. */
function onceEach(all: readonly (readonly [string, Tensor])[]): Map<string, Tensor> {
  const first = new Map(all.toReversed().map(([name, tensor]) => [tensor, name]));
  return new Map(all.filter(([name, tensor]) => first.get(tensor) === name));
}

/**
 * A layer or network: a plain tree of modules whose tensors are its weights. The path of properties that leads to a
 * tensor is its name, as in torchvision: `layer1.0.conv1.weight`.
 */
export abstract class Module implements Disposable {
  /** Batch statistics and dropout are on in training; set by {@link Module.train} and {@link Module.eval}. */
  training = true;
  /** Its place in the network, once that is built; shown in errors and plans. */
  path = '';
  /**
   * What the images that a network was trained on were normalised with, if it is known: training notes it, checkpoints
   * have it, and images that come without are read with it.
   */
  normalisation: Normalisation | undefined;

  /** The layer's function of `[N, H, W, C]` or `[N, C]`. */
  abstract forward(x: Tensor): Tensor;

  /** Tells every module below its path; networks do it once they are built. */
  name(): void {
    for (const [path, module] of this.modules()) module.path = path;
  }

  /** Modules one level down, by property. */
  *children(): Generator<[name: string, module: Module]> {
    for (const [key, value] of Object.entries(this))
      if (value instanceof Module) yield [snakeCase(key), value];
  }

  /** This module and all below it, with their paths from here. */
  *modules(prefix = ''): Generator<[path: string, module: Module]> {
    yield [prefix, this];
    for (const [name, child] of this.children())
      yield* child.modules(prefix ? `${prefix}.${name}` : name);
  }

  /**
   * Weights by name: what gradients flow to, one that several places share under the first of its names. Those that are frozen are
   * left out; an optimizer that is given the map as it is takes them up once they are thawed.
   */
  parameters(): Map<string, Tensor> {
    const all = onceEach([...this.#tensors()].filter(([, tensor]) => tensor.trainable));
    const open = new Map([...all].filter(([, tensor]) => tensor.requiresGrad));
    noteAll(open, all);
    return open;
  }

  /** Running statistics and counters by name. */
  buffers(): Map<string, Tensor> {
    return new Map([...this.#tensors()].filter(([, tensor]) => !tensor.trainable));
  }

  /** Weights and buffers by name, in the order of torch's state dicts. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#tensors());
  }

  /**
   * Copies values into the weights and buffers; nothing changes unless everything fits.
   *
   * @throws StateDictError naming missing and unexpected keys together, or a tensor whose shape differs.
   */
  loadStateDict(
    values: ReadonlyMap<
      string,
      { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
    >,
    options: LoadOptions = {},
  ): LoadReport {
    expectOptions('loadStateDict', options, LOAD_OPTIONS);
    const own = this.stateDict();
    const missing = [...own.keys()].filter((name) => !values.has(name));
    const unexpected = [...values.keys()].filter((name) => !own.has(name));
    if ((options.strict ?? true) && missing.length + unexpected.length > 0) {
      const list = (title: string, names: string[]): string[] =>
        names.length ? [`${title}: ${names.join(', ')}`] : [];
      throw new StateDictError(
        `loadStateDict: ${[...list('missing', missing), ...list('unexpected', unexpected)].join('; ')}`,
      );
    }
    for (const [name, tensor] of own) {
      const given = values.get(name);
      if (given && !sameShape(given.shape, tensor.shape)) {
        throw new StateDictError(
          `loadStateDict: ${name}: is ${formatShape(given.shape)} but the model has ${formatShape(tensor.shape)}`,
        );
      }
    }
    for (const [name, tensor] of own) {
      const given = values.get(name);
      if (given) tensor.write(given.data);
    }
    return { missing, unexpected };
  }

  /** Switches batch statistics and dropout on (or off), here and below. */
  train(training = true): this {
    for (const [, module] of this.modules()) module.training = training;
    return this;
  }

  /** Running statistics, no dropout. */
  eval(): this {
    return this.train(false);
  }

  /** Takes the weights here and below out of training, and fixes the running statistics of batch norms. */
  freezeAll(): void {
    for (const tensor of this.parameters().values()) tensor.requiresGrad = false;
    for (const [, module] of this.modules()) if ('frozen' in module) module.frozen = true;
  }

  /** Puts the weights here and below back into training, and lets the running statistics of batch norms move. */
  unfreezeAll(): void {
    for (const [, tensor] of this.#tensors()) tensor.requiresGrad = tensor.trainable;
    for (const [, module] of this.modules()) if ('frozen' in module) module.frozen = false;
  }

  /** Frees weights and buffers. */
  dispose(): void {
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }

  [dispose](): void {
    this.dispose();
  }

  /** One line that describes the layer itself, for tables; its class and settings. */
  describe(): string {
    return this.constructor.name;
  }

  /** Shape of an input that it takes, for tables; undefined where any will do. */
  exampleShape(): Shape | undefined {
    return undefined;
  }

  /** The tree of modules as a table, with output shapes and multiply-adds where an input is known. */
  toString(): string {
    return String(summary(this, this.exampleShape()));
  }

  /** What `console.log(model)` shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What `console.log(model)` shows in Deno. */
  [Symbol.for('Deno.customInspect')](): string {
    return this.toString();
  }

  /** Runs `fn` at this module's place, so that its errors and steps carry the path. */
  protected here<T>(fn: () => T): T {
    return named(this.path || this.constructor.name, fn);
  }

  *#tensors(): Generator<[string, Tensor]> {
    for (const [prefix, module] of this.modules()) {
      for (const [key, value] of Object.entries(module)) {
        if (value instanceof Tensor)
          yield [prefix ? `${prefix}.${snakeCase(key)}` : snakeCase(key), value];
      }
    }
  }
}
