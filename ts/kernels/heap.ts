import { OutOfMemoryError } from '../base/errors.ts';

const ALIGN = 64;
const PAGE = 65536;
/** Growing a little more than asked keeps small tensors from growing memory one by one. */
const GROW_BYTES = 1 << 20;

interface Block {
  start: number;
  end: number;
}

const align = (bytes: number): number => Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);

/** Hands out WASM memory: best fit over free blocks, merged when they touch. */
export class Heap {
  readonly #memory: WebAssembly.Memory;
  /** Sorted by address, never touching. */
  readonly #free: Block[];
  readonly #sizes = new Map<number, number>();
  #used = 0;

  constructor(memory: WebAssembly.Memory, base: number) {
    this.#memory = memory;
    this.#free = [{ start: align(base), end: memory.buffer.byteLength }];
  }

  /** Bytes handed out at the moment. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Bytes that can be handed out before memory grows, if they fit the gaps. */
  get freeBytes(): number {
    return this.#free.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Whether there is a gap of so many bytes. */
  fits(bytes: number): boolean {
    return this.#free.some(({ start, end }) => end - start >= align(bytes));
  }

  /** Address of `bytes` bytes, 64-byte aligned, not initialised. Throws {@link OutOfMemoryError}. */
  allocate(bytes: number): number {
    const size = align(bytes);
    let best: Block | undefined;
    for (const block of this.#free) {
      const room = block.end - block.start;
      if (room >= size && (!best || room < best.end - best.start)) best = block;
    }
    best ??= this.#grow(size);
    const address = best.start;
    best.start += size;
    if (best.start === best.end) this.#free.splice(this.#free.indexOf(best), 1);
    this.#sizes.set(address, size);
    this.#used += size;
    return address;
  }

  free(address: number): void {
    const size = this.#sizes.get(address);
    if (size === undefined) throw new Error(`heap: free of ${address}: nothing is allocated there`);
    this.#sizes.delete(address);
    this.#used -= size;
    this.#insert({ start: address, end: address + size });
  }

  /** Makes a block shorter or, where what follows it is free, longer; false when there is no room. */
  resize(address: number, bytes: number): boolean {
    const old = this.#sizes.get(address);
    if (old === undefined)
      throw new Error(`heap: resize of ${address}: nothing is allocated there`);
    const size = align(bytes);
    const end = address + old;
    if (size > old) {
      const after = this.#free.find(({ start }) => start === end);
      if (!after || after.end < address + size) return false;
      after.start = address + size;
      if (after.start === after.end) this.#free.splice(this.#free.indexOf(after), 1);
    } else if (size < old) this.#insert({ start: address + size, end });
    this.#sizes.set(address, size);
    this.#used += size - old;
    return true;
  }

  #insert(block: Block): Block {
    const index = this.#free.findIndex((other) => other.start > block.start);
    const at = index < 0 ? this.#free.length : index;
    const [before, after] = [this.#free[at - 1], this.#free[at]];
    if (after && block.end === after.start) {
      after.start = block.start;
      if (before && before.end === after.start) {
        before.end = after.end;
        this.#free.splice(at, 1);
        return before;
      }
      return after;
    }
    if (before && before.end === block.start) {
      before.end = block.end;
      return before;
    }
    this.#free.splice(at, 0, block);
    return block;
  }

  #grow(size: number): Block {
    const exact = Math.ceil(size / PAGE);
    const pages = Math.max(exact, GROW_BYTES / PAGE);
    const before = this.#add(pages) ?? this.#add(exact);
    if (before === undefined) {
      throw new OutOfMemoryError(
        `memory: cannot add ${size} bytes to the ${this.#memory.buffer.byteLength} bytes in use`,
      );
    }
    return this.#insert({ start: before * PAGE, end: this.#memory.buffer.byteLength });
  }

  /** Lets memory grow; the pages that there were, or undefined where that cannot be. */
  #add(pages: number): number | undefined {
    try {
      return this.#memory.grow(pages);
    } catch {
      return undefined;
    }
  }
}
