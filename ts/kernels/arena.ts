import type { Heap } from './heap.ts';

/**
 * Memory for what a plan makes during a run. Plans never run at the same time, so one piece is enough for all: it has the size
 * that the largest needs, and moves where it cannot grow.
 */
export class Arena {
  readonly #heap: Heap;
  /** Bytes that each plan needs, by a number of its own. */
  readonly #uses = new Map<number, number>();
  #next = 0;
  #address: number | undefined;
  #bytes = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Where it begins; it may be elsewhere after the next {@link use}. */
  get address(): number {
    if (this.#address === undefined) throw new Error('arena: no plan uses it');
    return this.#address;
  }

  /** Makes room for another plan, while none runs; the number of this use. Throws {@link OutOfMemoryError}; others keep theirs then. */
  use(bytes: number): number {
    if (this.#address === undefined) this.#address = this.#heap.allocate(bytes);
    else if (bytes > this.#bytes && !this.#heap.resize(this.#address, bytes)) this.#move(bytes);
    this.#bytes = Math.max(this.#bytes, bytes);
    this.#uses.set(this.#next, bytes);
    return this.#next++;
  }

  /** Gives back what no other plan needs, while none runs. */
  leave(use: number): void {
    if (!this.#uses.delete(use)) return;
    const needed = Math.max(0, ...this.#uses.values());
    if (this.#uses.size === 0) {
      this.#heap.free(this.#address!);
      this.#address = undefined;
    } else if (needed < this.#bytes) this.#heap.resize(this.#address!, needed);
    this.#bytes = needed;
  }

  /** Nothing in it outlives a run, so its place is free for what follows. */
  #move(bytes: number): void {
    this.#heap.free(this.#address!);
    try {
      this.#address = this.#heap.allocate(bytes);
    } catch (error) {
      this.#address = this.#heap.allocate(this.#bytes);
      throw error;
    }
  }
}
