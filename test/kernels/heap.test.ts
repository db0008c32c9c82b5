import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../ts/base/errors.ts';
import { Heap } from '../../ts/kernels/heap.ts';
import { Random } from '../helpers/random.ts';

const PAGE = 65536;
const memoryOf = (initial: number, maximum: number): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial, maximum });

describe('heap', () => {
  it('hands out aligned blocks above its base that do not overlap', () => {
    const heap = new Heap(memoryOf(1, 1), 1000);
    const blocks = [1, 64, 65, 0, 4000].map((bytes) => ({ bytes, address: heap.allocate(bytes) }));
    for (const { address } of blocks) {
      expect(address % 64).toBe(0);
      expect(address).toBeGreaterThanOrEqual(1000);
    }
    const sorted = [...blocks].sort((a, b) => a.address - b.address);
    sorted.slice(1).forEach(({ address }, i) => {
      expect(address).toBeGreaterThanOrEqual(sorted[i]!.address + sorted[i]!.bytes);
    });
    expect(new Set(blocks.map(({ address }) => address)).size).toBe(blocks.length);
  });

  it('merges free neighbours, whatever the order in which they are freed', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 0, 2],
    ]) {
      const heap = new Heap(memoryOf(1, 1), 64);
      const third = Math.floor((PAGE - 64) / 3 / 64) * 64;
      const blocks = [0, 1, 2].map(() => heap.allocate(third));
      for (const index of order) heap.free(blocks[index]!);
      expect(heap.usedBytes).toBe(0);
      expect(heap.allocate(PAGE - 64)).toBe(64);
    }
  });

  it('takes the smallest hole that fits', () => {
    const heap = new Heap(memoryOf(1, 1), 64);
    const [large, , small] = [640, 64, 128, 64].map((bytes) => heap.allocate(bytes));
    heap.free(large!);
    heap.free(small!);
    expect(heap.allocate(100)).toBe(small);
  });

  it('grows its memory and joins what is added to the last hole', () => {
    const memory = memoryOf(1, 100);
    const heap = new Heap(memory, 64);
    const address = heap.allocate(3 * PAGE);
    expect(address).toBe(64);
    expect(memory.buffer.byteLength).toBeGreaterThan(3 * PAGE);
    heap.free(address);
    expect(heap.usedBytes).toBe(0);
  });

  it('throws OutOfMemoryError with the bytes asked for, and goes on', () => {
    const heap = new Heap(memoryOf(1, 40), 64);
    expect(() => heap.allocate(100 * PAGE)).toThrow(OutOfMemoryError);
    expect(() => heap.allocate(100 * PAGE)).toThrow(`cannot add ${100 * PAGE} bytes`);
    expect(heap.usedBytes).toBe(0);
    expect(heap.allocate(20 * PAGE)).toBe(64);
  });

  it('makes a block shorter or longer where it lies, as far as there is room', () => {
    const heap = new Heap(memoryOf(1, 1), 64);
    const first = heap.allocate(1000);
    const second = heap.allocate(64);
    expect(heap.resize(first, 100)).toBe(true);
    expect(heap.usedBytes).toBe(128 + 64);
    expect(heap.resize(first, 1024)).toBe(true);
    expect(heap.usedBytes).toBe(1024 + 64);
    expect(heap.resize(first, 1025)).toBe(false);
    expect(heap.usedBytes).toBe(1024 + 64);
    heap.free(second);
    expect(heap.resize(first, PAGE - 64)).toBe(true);
    expect(heap.freeBytes).toBe(0);
    heap.free(first);
    expect(() => heap.resize(first, 1)).toThrow('nothing is allocated there');
    expect(heap.allocate(PAGE - 64)).toBe(64);
  });

  it('refuses to free what is not allocated', () => {
    const heap = new Heap(memoryOf(1, 1), 64);
    const address = heap.allocate(10);
    heap.free(address);
    expect(() => heap.free(address)).toThrow('nothing is allocated there');
  });

  it('keeps blocks apart over thousands of random calls and ends empty', () => {
    const random = new Random('heap');
    const memory = memoryOf(1, 1000);
    const heap = new Heap(memory, 64);
    const live: { address: number; bytes: number }[] = [];
    for (let i = 0; i < 5000; i++) {
      if (live.length > 0 && random.int(0, 99) < 48) {
        const [block] = live.splice(random.int(0, live.length - 1), 1);
        heap.free(block!.address);
        continue;
      }
      const bytes = random.int(0, 20) === 0 ? random.int(1, 200_000) : random.int(1, 2000);
      const address = heap.allocate(bytes);
      const meets = live.some(
        (other) => address < other.address + other.bytes && other.address < address + bytes,
      );
      expect(meets).toBe(false);
      expect(address + bytes).toBeLessThanOrEqual(memory.buffer.byteLength);
      live.push({ address, bytes });
    }
    for (const { address } of live) heap.free(address);
    expect(heap.usedBytes).toBe(0);
    expect(heap.allocate(memory.buffer.byteLength - 64)).toBe(64);
  });
});
