import type { Instance, KernelListing } from './instance.ts';

/** What the extra module exports; the Rust side is crates/kernels/src/listing.rs without the feature `engine`. */
interface ExtraExports extends KernelListing {
  readonly __indirect_function_table: WebAssembly.Table;
  readonly __stack_pointer: WebAssembly.Global<'i32'>;
}

/** Bytes of a thread's stack that are taken, at most, when a kernel calls what follows it; a multiple of 16, as stacks are aligned. */
const FRAMES = 1 << 15;

/**
 * Instantiates the extra module in the memory of an instance of the engine's, and puts its kernels into the table of functions from which
 * that calls them. Instances of one module have tables of one size, so that an entry is the same number in each thread.
 */
export function joinExtra(
  module: WebAssembly.Module,
  { kernels, table }: Instance,
  memory: WebAssembly.Memory,
): KernelListing {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const own = instance.exports as unknown as ExtraExports;
  // The engine, and its kernels, call these from the first frames of the thread's stack. What lies beyond is free until they return.
  own.__stack_pointer.value = (kernels.stack_top() & -16) - FRAMES;
  const { length } = own.__indirect_function_table;
  const start = table.grow(length);
  for (let i = 0; i < length; i++) table.set(start + i, own.__indirect_function_table.get(i));
  const { kernel_entry: own_entry } = own;
  return { ...own, kernel_entry: (index) => start + own_entry(index), own_entry };
}
