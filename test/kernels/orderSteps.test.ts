import { describe, expect, it } from 'vitest';
import { encodePlan, planBytes } from '../../ts/kernels/encodePlan.ts';
import type { KernelInfo } from '../../ts/kernels/kernelTable.ts';
import { orderSteps } from '../../ts/kernels/orderSteps.ts';
import { accessOf, conflict } from '../../ts/kernels/stepAccess.ts';
import type { Buffer, Step } from '../../ts/kernels/step.ts';
import { Random } from '../helpers/random.ts';

const pointer = { type: 'pointer' } as const;
const map: KernelInfo = {
  name: 'map',
  entry: 1,
  fields: [
    { ...pointer, name: 'x', written: false },
    { ...pointer, name: 'z', written: false },
    { ...pointer, name: 'y', written: true },
  ],
};
const guard: KernelInfo = {
  name: 'guard',
  entry: 2,
  fields: [{ ...pointer, name: 'x', written: false }],
};
const table = new Map([map, guard].map((kernel) => [kernel.name, kernel]));
const buffers = Array.from({ length: 12 }, (_, i): Buffer => ({
  bytes: 64,
  address: 4096 + 64 * i,
}));

const at = (index: number) => ({ buffer: buffers[index]!, byteOffset: 0 });
const step = (x: number, y: number, z?: number): Step => ({
  kernel: 'map',
  chunks: 1,
  args: { x: at(x), z: z === undefined ? null : at(z), y: at(y) },
});
const check: Step = { kernel: 'guard', chunks: 1, args: { x: at(0) } };

/** Word 8 of each step. */
function needs(steps: readonly Step[]): number[] {
  const memory = new ArrayBuffer(planBytes(table, steps) + 64);
  encodePlan(table, steps, memory, 64);
  const words = new Uint32Array(memory);
  return steps.map((_, index) => words[(64 + 64 + 128 * index) / 4 + 8]!);
}

describe('what a step waits for', () => {
  it('is the last before it that writes what it reads, or touches what it writes', () => {
    expect(needs([step(0, 1), step(2, 3), step(1, 4), step(5, 2), step(6, 1), step(7, 4)])).toEqual(
      [0, 0, 1, 2, 3, 3],
    );
  });

  it('is not another reader', () => {
    expect(needs([step(0, 1), step(0, 2), step(0, 3)])).toEqual([0, 0, 0]);
  });

  it('is a place in a buffer, wherever the other reaches into it', () => {
    const inside: Step = {
      ...step(1, 2),
      args: { ...step(1, 2).args, x: { buffer: { bytes: 4, address: 4096 + 72 }, byteOffset: 0 } },
    };
    expect(needs([step(0, 1), inside])).toEqual([0, 1]);
  });

  it('is everything for a step that writes nothing, and that step for everything', () => {
    expect(needs([step(1, 2), step(3, 4), check, step(5, 6), step(7, 8)])).toEqual([0, 0, 2, 3, 3]);
  });

  it('is all that lies far back', () => {
    const many = Array.from({ length: 100 }, () => step(0, 1)).map((one, i) => ({
      ...one,
      args: { ...one.args, y: { buffer: { bytes: 4, address: 8192 + 4 * i }, byteOffset: 0 } },
    }));
    expect(needs(many)[99]).toBe(99 - 64);
  });
});

describe('orderSteps', () => {
  it('puts a step that needs nothing between two of a chain', () => {
    const [first, second, other] = [step(0, 1), step(1, 2), step(3, 4)];
    expect(orderSteps(table, [first, second, other])).toEqual([first, other, second]);
  });

  it('moves nothing over a step that writes nothing', () => {
    const steps = [step(0, 1), check, step(1, 2), step(3, 4)];
    expect(orderSteps(table, steps)).toEqual([steps[0], check, steps[2], steps[3]]);
  });

  it('keeps the order of steps that conflict, over thousands of random plans', () => {
    const random = new Random('orderSteps');
    for (let plan = 0; plan < 2000; plan++) {
      const some = (): number => random.int(0, buffers.length - 1);
      const steps = Array.from({ length: random.int(0, 40) }, () =>
        random.int(0, 15) === 0 ? { ...check } : step(some(), some(), some()),
      );
      const ordered = orderSteps(table, steps);
      expect(new Set(ordered)).toEqual(new Set(steps));
      const access = ordered.map((one) => accessOf(table, one));
      const places = ordered.map((one) => steps.indexOf(one));
      const waits = needs(ordered);
      for (let later = 0; later < ordered.length; later++) {
        for (let earlier = 0; earlier < later; earlier++) {
          if (!conflict(access[earlier]!, access[later]!)) continue;
          if (places[earlier]! > places[later]!) expect.fail(`plan ${plan}: ${places}`);
          if (waits[later]! <= earlier)
            expect.fail(`plan ${plan}: step ${later} ignores ${earlier}`);
        }
      }
    }
  });
});
