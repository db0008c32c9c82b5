import type { KernelInfo } from './kernelTable.ts';
import type { Pointer, Step } from './step.ts';

/** Version of the format in crates/kernels/src/plan.rs. */
export const PLAN_VERSION = 1;

const HEADER_BYTES = 64;
/** The claim word counts in 16 bits. */
const MOST_CHUNKS = 65535;

const stepBytes = (kernel: KernelInfo): number =>
  HEADER_BYTES + Math.ceil((4 * kernel.fields.length) / HEADER_BYTES) * HEADER_BYTES;

function kernelOf(table: ReadonlyMap<string, KernelInfo>, step: Step): KernelInfo {
  const kernel = table.get(step.kernel);
  if (!kernel) throw new Error(`plan: there is no kernel ${step.kernel}`);
  return kernel;
}

/** Bytes that {@link encodePlan} writes for these steps. */
export function planBytes(table: ReadonlyMap<string, KernelInfo>, steps: readonly Step[]): number {
  return steps.reduce((bytes, step) => bytes + stepBytes(kernelOf(table, step)), HEADER_BYTES);
}

function addressOf(pointer: Pointer, step: Step, field: string): number {
  const { address } = pointer.buffer;
  if (address === undefined) throw new Error(`plan: ${step.kernel}: ${field} has no address yet`);
  return address + pointer.byteOffset;
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
  for (const step of steps) {
    const kernel = kernelOf(table, step);
    if (!Number.isInteger(step.chunks) || step.chunks < 1 || step.chunks > MOST_CHUNKS) {
      throw new Error(
        `plan: ${step.kernel}: chunks is ${step.chunks} but must be a whole number of 1 to ${MOST_CHUNKS}`,
      );
    }
    const next = at + stepBytes(kernel);
    for (let offset = 0; offset < HEADER_BYTES; offset += 4) word(at + offset, 0);
    word(at, kernel.entry);
    word(at + 4, step.chunks);
    word(at + 8, next);
    const names = Object.keys(step.args);
    if (names.length !== kernel.fields.length) {
      const wanted = kernel.fields.map((field) => field.name).join(', ');
      throw new Error(
        `plan: ${step.kernel}: arguments are ${names.join(', ')} but it takes ${wanted}`,
      );
    }
    kernel.fields.forEach(({ name, type }, index) => {
      const value = step.args[name];
      const place = at + HEADER_BYTES + 4 * index;
      if (value === undefined) throw new Error(`plan: ${step.kernel}: argument ${name} is missing`);
      if (value === null || typeof value === 'object') {
        if (type !== 'pointer') throw new Error(`plan: ${step.kernel}: ${name} is a ${type}`);
        word(place, value ? addressOf(value, step, name) : 0);
      } else if (type === 'f32') view.setFloat32(place, value, true);
      else if (type === 'pointer') throw new Error(`plan: ${step.kernel}: ${name} is a pointer`);
      else word(place, value);
    });
    at = next;
  }
}
