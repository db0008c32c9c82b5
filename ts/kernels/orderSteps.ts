import type { KernelInfo } from './kernelTable.ts';
import type { Step } from './step.ts';
import { accessOf, conflict, type StepAccess } from './stepAccess.ts';

/** Steps that may be brought forward: some layers' worth, whose data is still in caches. */
const WINDOW = 16;

interface Waiting {
  readonly step: Step;
  readonly access: StepAccess;
}

/**
 * Puts steps that do not need the one before them between such that do, where any are near: a worker that finds no chunk left
 * goes on to them instead of waiting. Steps that conflict keep their order, so results are the same.
 *
 * @throws {Error} for a kernel that there is not
 */
export function orderSteps(
  table: ReadonlyMap<string, KernelInfo>,
  steps: readonly Step[],
): readonly Step[] {
  const rest = steps.map((step): Waiting => ({ step, access: accessOf(table, step) }));
  const ordered: Step[] = [];
  let last: StepAccess | undefined;
  while (rest.length > 0) {
    const near = rest.slice(0, WINDOW).map(({ access }) => access);
    const free = near.findIndex(
      (access, index) =>
        !(last && conflict(last, access)) &&
        near.slice(0, index).every((before) => !conflict(before, access)),
    );
    const [next] = rest.splice(Math.max(0, free), 1) as [Waiting];
    ordered.push(next.step);
    last = next.access;
  }
  return ordered;
}
