import type { KernelListing } from './instance.ts';

/** How an argument's word is read: an address, an unsigned or signed integer, a float. */
export type FieldType = 'pointer' | 'u32' | 'i32' | 'f32';

/** One argument of a kernel. */
export interface KernelField {
  readonly name: string;
  readonly type: FieldType;
  /** A pointer that the kernel writes through. */
  readonly written: boolean;
}

/** One row of a module's kernel table. */
export interface KernelInfo {
  readonly name: string;
  /** First word of a step that runs it. */
  readonly entry: number;
  readonly fields: readonly KernelField[];
  /** By what kernels of the same module call it, where that is not the engine's. */
  readonly ownEntry?: number | undefined;
}

const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function fieldType(rust: string): FieldType {
  if (rust.startsWith('*')) return 'pointer';
  if (rust === 'u32' || rust === 'i32' || rust === 'f32') return rust;
  throw new Error(`kernels: argument type ${rust} is not one of pointer, u32, i32, f32`);
}

/** A row whose signature is read when it is asked for: a plan has few of the kernels. */
function infoOf(
  name: string,
  entries: Pick<KernelInfo, 'entry' | 'ownEntry'>,
  signature: string,
): KernelInfo {
  let fields: readonly KernelField[] | undefined;
  return {
    name,
    ...entries,
    get fields() {
      return (fields ??= readFields(signature));
    },
  };
}

function readFields(signature: string): readonly KernelField[] {
  const fields = signature.split(';').filter(Boolean);
  return fields.map((field) => {
    const [name, type] = field.split(':') as [string, string];
    const rust = type.trim();
    return { name: camelCase(name), type: fieldType(rust), written: rust.startsWith('*mut') };
  });
}

/** Reads names, entries and signatures from a module, so that no number is written down twice. */
export function readKernelTable(
  exports: KernelListing,
  memory: WebAssembly.Memory,
): Map<string, KernelInfo> {
  const decoder = new TextDecoder();
  const text = (index: number, field: number): string => {
    const address = exports.kernel_text(index, field);
    const length = exports.kernel_text_len(index, field);
    return decoder.decode(new Uint8Array(memory.buffer, address, length).slice());
  };
  const table = new Map<string, KernelInfo>();
  for (let index = 0; index < exports.kernel_count(); index++) {
    const name = text(index, 0);
    const entries = { entry: exports.kernel_entry(index), ownEntry: exports.own_entry?.(index) };
    table.set(name, infoOf(name, entries, text(index, 1)));
  }
  return table;
}

/** Throws Error where a table has no such kernel. */
export function kernelOf(table: ReadonlyMap<string, KernelInfo>, name: string): KernelInfo {
  const kernel = table.get(name);
  if (!kernel) throw new Error(`plan: there is no kernel ${name}`);
  return kernel;
}
