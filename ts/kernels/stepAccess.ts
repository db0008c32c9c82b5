import { kernelOf, type KernelInfo } from './kernelTable.ts';
import { callsOf, isTable, type Step } from './step.ts';

/** What a step reads and writes: whole buffers, as addresses. */
export interface StepAccess {
  readonly ranges: readonly { readonly start: number; readonly end: number; written: boolean }[];
  /** It writes nothing, so it is there for its effect on the run: it takes place between all that stand before and after. */
  readonly fence: boolean;
}

/** What a step reads and writes. Buffers without an address are nowhere. */
export function accessOf(table: ReadonlyMap<string, KernelInfo>, step: Step): StepAccess {
  const ranges = callsOf(step).flatMap(({ kernel, args }) =>
    kernelOf(table, kernel).fields.flatMap(({ name, written }) => {
      const value = args[name];
      if (value === null || typeof value !== 'object' || isTable(value)) return [];
      const { address: start, bytes } = value.buffer;
      return start === undefined ? [] : [{ start, end: start + bytes, written }];
    }),
  );
  return { ranges, fence: !ranges.some(({ written }) => written) };
}

/** Whether two steps must run one after the other: one writes what the other reads or writes. */
export function conflict(a: StepAccess, b: StepAccess): boolean {
  if (a.fence || b.fence) return true;
  return a.ranges.some((one) =>
    b.ranges.some(
      (other) => (one.written || other.written) && one.start < other.end && other.start < one.end,
    ),
  );
}
