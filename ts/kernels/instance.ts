/** The kernels of a module; the Rust side is crates/kernels/src/listing.rs. */
export interface KernelListing {
  kernel_count(): number;
  kernel_text(index: number, field: number): number;
  kernel_text_len(index: number, field: number): number;
  kernel_entry(index: number): number;
  /** The entry by which the module's own kernels call it, where that is another one. */
  own_entry?(index: number): number;
}

/** What the engine's module exports; the Rust side is crates/kernels/src/exports.rs. */
export interface KernelExports extends KernelListing {
  readonly memory?: WebAssembly.Memory;
  __wbindgen_start(threadStackBytes?: number): void;
  plan_version(): number;
  heap_base(): number;
  stack_top(): number;
  set_scratch(address: number, stride: number): void;
  set_high_tiles(high: boolean): void;
  run_plan(address: number, helpers: number): number;
  resume_plan(address: number): number;
  chunks_done(address: number): number;
  work(worker: number): void;
  quiesce(): number;
  stop_team(): void;
  first_non_finite(address: number, length: number): number;
  math_exp(x: number): number;
  math_log(x: number): number;
  math_cos(x: number): number;
  math_sin(x: number): number;
  math_pow(x: number, y: number): number;
}

/** An instance of the engine's module, and the table of functions from which it calls kernels. */
export interface Instance {
  readonly kernels: KernelExports;
  readonly table: WebAssembly.Table;
}

/** Entries of a new table: more than the module has functions to put there. */
const TABLE_ENTRIES = 1 << 10;

/** Stack of each thread but the first; kernels keep their large data in scratch memory. */
const THREAD_STACK_BYTES = 1 << 18;

/**
 * Instantiates the module wasm-bindgen made. The generated glue holds one instance per page; here engines with
 * different settings live side by side, so the two things it would do (imports, start) are done directly.
 */
export function instantiate(module: WebAssembly.Module, memory?: WebAssembly.Memory): Instance {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: TABLE_ENTRIES });
  const given: Partial<Record<string, WebAssembly.ImportValue>> = { memory: memory!, table };
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    // Only the table of JS references wants a function; no export takes or returns one.
    (imports[from] ??= {})[name] = given[kind] ?? ((): void => undefined);
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const kernels = exports as unknown as KernelExports;
  if (memory) kernels.__wbindgen_start(THREAD_STACK_BYTES);
  else kernels.__wbindgen_start();
  return { kernels, table };
}
