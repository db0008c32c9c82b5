import type { Plan } from '../compile/plan.ts';
import { OutOfMemoryError } from '../base/errors.ts';

/** How many compiled plans are kept. */
export interface PlanLimit {
  /**
   * Most plans that are held at a time, one for each shape of a batch; the least recently used is disposed for another. They
   * share weights and the memory of their runs, so that more of them take little. 16 by default.
   */
  readonly plans?: number;
}

const DEFAULT_PLANS = 16;

/** What was compiled lately, by key. */
export class RecentPlans<T extends { readonly plan: Plan }> {
  readonly #most: number;
  /** The least recently used first. */
  readonly #all = new Map<string, T>();

  /** `who` is named in the RangeError for a number of plans that is none. */
  constructor(who: string, { plans = DEFAULT_PLANS }: PlanLimit) {
    if (!Number.isInteger(plans) || plans < 1) {
      throw new RangeError(`${who}: plans is ${plans} but must be a whole number of at least 1`);
    }
    this.#most = plans;
  }

  /**
   * The one of this key, made now if it is not held. Where memory does not suffice for it others are given up.
   *
   * @param keyOf is asked again once it is made, as that may change what the key says
   */
  get(keyOf: string | (() => string), make: () => T): T {
    const key = (): string => (typeof keyOf === 'string' ? keyOf : keyOf());
    const held = key();
    const found = this.#all.get(held) ?? this.#make(make);
    this.#all.delete(held);
    this.#all.set(key(), found);
    this.#shrink(this.#most);
    return found;
  }

  /** Disposes all; they can be made again. */
  dispose(): void {
    this.#shrink(0);
  }

  #make(make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError) || this.#all.size === 0) throw error;
      this.dispose();
      return make();
    }
  }

  #shrink(most: number): void {
    for (const [key, { plan }] of this.#all) {
      if (this.#all.size <= most) return;
      this.#all.delete(key);
      plan.dispose();
    }
  }
}
