import { Module } from '../nn/module.ts';
import { Tensor } from '../core/tensor.ts';

/** Fields of a module that its `forward` does not compute with, or that are looked at otherwise. */
const PASSED_OVER = new Set(['path', 'normalisation', 'training']);

/**
 * Tells one state of a network's settings from another, for plans that read them once: which modules and tensors it has,
 * which are frozen, and every public field of its modules, such as dropout's `p`.
 */
export class SettingsWatch {
  readonly #training: boolean;
  readonly #known: unknown[][] = [];
  readonly #visited = new Set<object>();
  #found: unknown[] = [];

  /** Whether plans train: then it matters what is frozen. */
  constructor(training: boolean) {
    this.#training = training;
  }

  /** Number of the state that the model, and objects beside it, are in: the same for the same state. */
  state(model: Module, ...beside: readonly object[]): number {
    this.#found = [];
    this.#visited.clear();
    const mode = this.#training && model.training ? undefined : this.#training;
    this.#visitModule(model, mode);
    for (const object of beside) this.#visitFields(object, mode);
    const found = this.#found;
    const number = this.#known.findLastIndex(
      (known) =>
        known.length === found.length && known.every((value, i) => Object.is(value, found[i])),
    );
    return number < 0 ? this.#known.push(found) - 1 : number;
  }

  #visitModule(module: Module, mode: boolean | undefined): void {
    this.#found.push(module, mode ?? module.training);
    if (this.#visited.has(module)) return;
    this.#visited.add(module);
    this.#visitFields(module, mode);
    if (module.children === Module.prototype.children) return;
    for (const [, child] of module.children()) this.#visitModule(child, mode);
  }

  #visitFields(object: object, mode: boolean | undefined): void {
    // Without a list of keys for each module of each step: methods of a class are not enumerable.
    for (const key in object) {
      if (PASSED_OVER.has(key)) continue;
      this.#visit((object as Record<string, unknown>)[key], mode);
    }
  }

  #visit(value: unknown, mode: boolean | undefined): void {
    if (value instanceof Module) return this.#visitModule(value, mode);
    this.#found.push(value);
    if (value instanceof Tensor) {
      if (this.#training) this.#found.push(value.requiresGrad);
      return;
    }
    if (typeof value !== 'object' || value === null || this.#visited.has(value)) return;
    this.#visited.add(value);
    if (Array.isArray(value) || value instanceof Set) {
      for (const item of value) this.#visit(item, mode);
    } else if (value instanceof Map) {
      for (const [key, item] of value) {
        this.#found.push(key);
        this.#visit(item, mode);
      }
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      this.#visitFields(value, mode);
    }
    // Where it ends: a longer list is another.
    this.#found.push(this.#visited);
  }
}
