import type { KernelInfo } from './kernelTable.ts';
import { isTable, type Pointer, type Step } from './step.ts';
import { accessOf, conflict } from './stepAccess.ts';

/** Version of the format in crates/kernels/src/plan.rs. */
export const PLAN_VERSION = 2;

const HEADER_BYTES = 64;
/** The claim word counts in 16 bits. */
const MOST_CHUNKS = 65535;

/** Bytes of this many words, up to the next step or table. */
const aligned = (words: number): number => Math.ceil((4 * words) / HEADER_BYTES) * HEADER_BYTES;

/** Header, arguments, and the tables among them. */
const stepBytes = (kernel: KernelInfo, { args }: Step): number =>
  Object.values(args)
    .filter(isTable)
    .reduce(
      (bytes, { length }) => bytes + aligned(length),
      HEADER_BYTES + aligned(kernel.fields.length),
    );

function kernelOf(table: ReadonlyMap<string, KernelInfo>, step: Step): KernelInfo {
  const kernel = table.get(step.kernel);
  if (!kernel) throw new Error(`plan: there is no kernel ${step.kernel}`);
  return kernel;
}

/** Bytes that {@link encodePlan} writes for these steps. */
export function planBytes(table: ReadonlyMap<string, KernelInfo>, steps: readonly Step[]): number {
  return steps.reduce(
    (bytes, step) => bytes + stepBytes(kernelOf(table, step), step),
    HEADER_BYTES,
  );
}

function addressOf(pointer: Pointer, step: Step, field: string): number {
  const { address } = pointer.buffer;
  if (address === undefined) throw new Error(`plan: ${step.kernel}: ${field} has no address yet`);
  return address + pointer.byteOffset;
}

/** Steps back that are searched for one that a step needs; it waits for all that lie further back. */
const LOOK_BACK = 64;

/** How many steps from the first on must be done before each step begins. */
function needsOf(table: ReadonlyMap<string, KernelInfo>, steps: readonly Step[]): number[] {
  const all = steps.map((step) => accessOf(kernelOf(table, step), step));
  return all.map((access, index) => {
    const furthest = Math.max(0, index - LOOK_BACK);
    let needed = index;
    while (needed > furthest && !conflict(all[needed - 1]!, access)) needed--;
    return needed;
  });
}

/** Writes the steps at `address` of a memory seen as words, in the format of crates/kernels/src/plan.rs. */
export function encodePlan(
  table: ReadonlyMap<string, KernelInfo>,
  steps: readonly Step[],
  buffer: ArrayBufferLike,
  address: number,
): void {
  const view = new DataView(buffer);
  const word = (at: number, value: number): void => view.setUint32(at, value, true);
  let at = address + HEADER_BYTES;
  word(address, PLAN_VERSION);
  word(address + 4, steps.length);
  word(address + 8, at);
  const needs = needsOf(table, steps);
  for (const [index, step] of steps.entries()) {
    const kernel = kernelOf(table, step);
    if (!Number.isInteger(step.chunks) || step.chunks < 1 || step.chunks > MOST_CHUNKS) {
      throw new Error(
        `plan: ${step.kernel}: chunks is ${step.chunks} but must be a whole number of 1 to ${MOST_CHUNKS}`,
      );
    }
    const next = at + stepBytes(kernel, step);
    let tableAt = at + HEADER_BYTES + aligned(kernel.fields.length);
    for (let offset = 0; offset < HEADER_BYTES; offset += 4) word(at + offset, 0);
    word(at, kernel.entry);
    word(at + 4, step.chunks);
    word(at + 8, next);
    word(at + 32, needs[index]!);
    const names = Object.keys(step.args);
    if (names.length !== kernel.fields.length) {
      const wanted = kernel.fields.map((field) => field.name).join(', ');
      throw new Error(
        `plan: ${step.kernel}: arguments are ${names.join(', ')} but it takes ${wanted}`,
      );
    }
    kernel.fields.forEach(({ name, type }, field) => {
      const value = step.args[name];
      const place = at + HEADER_BYTES + 4 * field;
      if (value === undefined) throw new Error(`plan: ${step.kernel}: argument ${name} is missing`);
      if (value === null || typeof value === 'object') {
        if (type !== 'pointer') throw new Error(`plan: ${step.kernel}: ${name} is a ${type}`);
        if (isTable(value)) {
          new Uint8Array(buffer, tableAt).set(
            new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
          );
          word(place, tableAt);
          tableAt += aligned(value.length);
        } else word(place, value ? addressOf(value, step, name) : 0);
      } else if (type === 'f32') view.setFloat32(place, value, true);
      else if (type === 'pointer') throw new Error(`plan: ${step.kernel}: ${name} is a pointer`);
      else word(place, value);
    });
    at = next;
  }
}
