import { kernelOf, type KernelInfo } from './kernelTable.ts';
import { callsOf, isTable, type Call, type Pointer, type Step } from './step.ts';
import { accessOf, conflict } from './stepAccess.ts';

/** Version of the format in crates/kernels/src/plan.rs. */
export const PLAN_VERSION = 3;

const HEADER_BYTES = 64;
/** The claim word counts in 16 bits. */
const MOST_CHUNKS = 65535;

type Kernels = ReadonlyMap<string, KernelInfo>;

/** Bytes of this many words, up to the next step or table. */
const aligned = (words: number): number => Math.ceil((4 * words) / HEADER_BYTES) * HEADER_BYTES;

/** Bytes of a call's arguments, without tables. */
const argumentBytes = (table: Kernels, { kernel }: Call): number =>
  aligned(kernelOf(table, kernel).fields.length);

/** Header, arguments, and the tables among them. */
const stepBytes = (table: Kernels, step: Step): number =>
  callsOf(step).reduce(
    (bytes, call) =>
      Object.values(call.args)
        .filter(isTable)
        .reduce((sum, { length }) => sum + aligned(length), bytes + argumentBytes(table, call)),
    HEADER_BYTES,
  );

/** Bytes that {@link encodePlan} writes for these steps. */
export function planBytes(table: Kernels, steps: readonly Step[]): number {
  return steps.reduce((bytes, step) => bytes + stepBytes(table, step), HEADER_BYTES);
}

function addressOf(pointer: Pointer, { kernel }: Call, field: string): number {
  const { address } = pointer.buffer;
  if (address === undefined) throw new Error(`plan: ${kernel}: ${field} has no address yet`);
  return address + pointer.byteOffset;
}

/** Steps back that are searched for one that a step needs; it waits for all that lie further back. */
const LOOK_BACK = 64;

/** How many steps from the first on must be done before each step begins. */
function needsOf(table: Kernels, steps: readonly Step[]): number[] {
  const all = steps.map((step) => accessOf(table, step));
  return all.map((access, index) => {
    const furthest = Math.max(0, index - LOOK_BACK);
    let needed = index;
    while (needed > furthest && !conflict(all[needed - 1]!, access)) needed--;
    return needed;
  });
}

/** Writes the steps at `address` of a memory seen as words, in the format of crates/kernels/src/plan.rs. */
export function encodePlan(
  table: Kernels,
  steps: readonly Step[],
  buffer: ArrayBufferLike,
  address: number,
): void {
  const view = new DataView(buffer);
  const word = (at: number, value: number): void => view.setUint32(at, value, true);

  /** Writes a call's arguments at a place, and its tables behind `tableAt`; gives the place behind them. */
  const writeCall = (call: Call, at: number, tableAt: number): number => {
    const { fields } = kernelOf(table, call.kernel);
    const names = Object.keys(call.args);
    if (names.length !== fields.length) {
      const wanted = fields.map((field) => field.name).join(', ');
      throw new Error(
        `plan: ${call.kernel}: arguments are ${names.join(', ')} but it takes ${wanted}`,
      );
    }
    fields.forEach(({ name, type }, field) => {
      const value = call.args[name];
      const place = at + 4 * field;
      if (value === undefined) throw new Error(`plan: ${call.kernel}: argument ${name} is missing`);
      if (value === null || typeof value === 'object') {
        if (type !== 'pointer') throw new Error(`plan: ${call.kernel}: ${name} is a ${type}`);
        if (isTable(value)) {
          new Uint8Array(buffer, tableAt).set(
            new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
          );
          word(place, tableAt);
          tableAt += aligned(value.length);
        } else word(place, value ? addressOf(value, call, name) : 0);
      } else if (type === 'f32') view.setFloat32(place, value, true);
      else if (type === 'pointer') throw new Error(`plan: ${call.kernel}: ${name} is a pointer`);
      else word(place, value);
    });
    return tableAt;
  };

  let at = address + HEADER_BYTES;
  word(address, PLAN_VERSION);
  word(address + 4, steps.length);
  word(address + 8, at);
  const needs = needsOf(table, steps);
  for (const [index, step] of steps.entries()) {
    if (!Number.isInteger(step.chunks) || step.chunks < 1 || step.chunks > MOST_CHUNKS) {
      throw new Error(
        `plan: ${step.kernel}: chunks is ${step.chunks} but must be a whole number of 1 to ${MOST_CHUNKS}`,
      );
    }
    const next = at + stepBytes(table, step);
    const { then } = step;
    const thenAt = at + HEADER_BYTES + argumentBytes(table, step);
    const tables = then ? thenAt + argumentBytes(table, then) : thenAt;
    for (let offset = 0; offset < HEADER_BYTES; offset += 4) word(at + offset, 0);
    const kernel = kernelOf(table, step.kernel);
    word(at, kernel.entry);
    word(at + 4, step.chunks);
    word(at + 8, next);
    word(at + 32, needs[index]!);
    const rest = writeCall(step, at + HEADER_BYTES, tables);
    if (then) {
      const { entry, ownEntry } = kernelOf(table, then.kernel);
      // Kernels of the extra module call each other by numbers of their own.
      word(at + 36, (kernel.ownEntry && ownEntry) || entry);
      word(at + 40, thenAt);
      writeCall(then, thenAt, rest);
    }
    at = next;
  }
}
