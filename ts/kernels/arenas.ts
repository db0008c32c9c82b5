import type { Heap } from './heap.ts';
import type { Buffer } from './step.ts';

interface Arena {
  readonly buffer: Required<Buffer>;
  users: number;
}

/** Memory for what a plan makes during a run. Plans never run at the same time, so a smaller one uses a larger one's. */
export class Arenas {
  readonly #heap: Heap;
  readonly #all: Arena[] = [];

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** An arena of at least `bytes` bytes. Throws {@link OutOfMemoryError}. */
  acquire(bytes: number): Required<Buffer> {
    let arena = this.#all.find(({ buffer }) => buffer.bytes >= bytes);
    if (!arena) {
      arena = { buffer: { bytes, address: this.#heap.allocate(bytes) }, users: 0 };
      this.#all.push(arena);
    }
    arena.users++;
    return arena.buffer;
  }

  /** Frees the arena when no plan uses it any more. */
  release(buffer: Buffer): void {
    const index = this.#all.findIndex((arena) => arena.buffer === buffer);
    const arena = this.#all[index];
    if (!arena || --arena.users > 0) return;
    this.#all.splice(index, 1);
    this.#heap.free(arena.buffer.address);
  }
}
