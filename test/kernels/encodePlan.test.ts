import { describe, expect, it } from 'vitest';
import { encodePlan, PLAN_VERSION, planBytes } from '../../ts/kernels/encodePlan.ts';
import type { KernelInfo } from '../../ts/kernels/kernelTable.ts';
import type { Step } from '../../ts/kernels/step.ts';

const kernel: KernelInfo = {
  name: 'op.forward.f32/simd',
  entry: 7,
  fields: [
    { name: 'x', type: 'pointer', written: true },
    { name: 'count', type: 'u32', written: false },
    { name: 'shift', type: 'i32', written: false },
    { name: 'scale', type: 'f32', written: false },
  ],
};
const table = new Map([[kernel.name, kernel]]);
const buffer = { bytes: 64, address: 4096 };
const step: Step = {
  kernel: kernel.name,
  chunks: 3,
  args: { scale: 0.5, x: { buffer, byteOffset: 8 }, count: 9, shift: -2 },
};

function encode(steps: readonly Step[], address = 128): Uint32Array {
  const memory = new ArrayBuffer(4096);
  encodePlan(table, steps, memory, address);
  return new Uint32Array(memory);
}

describe('encodePlan', () => {
  it('writes version, steps and arguments in the order of the signature', () => {
    const words = encode([step, { ...step, chunks: 1 }]);
    const at = 128 / 4;
    expect(words[at]).toBe(PLAN_VERSION);
    expect(words[at + 1]).toBe(2);
    const first = words[at + 2]! / 4;
    expect(first).toBe(at + 16);
    expect([...words.subarray(first, first + 2)]).toEqual([7, 3]);
    const scale = new Uint32Array(Float32Array.of(0.5).buffer)[0]!;
    expect([...words.subarray(first + 16, first + 20)]).toEqual([4104, 9, 2 ** 32 - 2, scale]);
    const second = words[first + 2]! / 4;
    expect([...words.subarray(second, second + 2)]).toEqual([7, 1]);
    expect(4 * second + 128).toBe(128 + planBytes(table, [step, step]));
  });

  it('writes 0 for an absent pointer', () => {
    const words = encode([{ ...step, args: { ...step.args, x: null } }]);
    expect(words[(128 + 64 + 64) / 4]).toBe(0);
  });

  it('writes a table behind the arguments and points at it', () => {
    const table = Int32Array.of(-1, 2, 3);
    const words = encode([{ ...step, args: { ...step.args, x: table.subarray(1) } }, step]);
    const first = words[128 / 4 + 2]!;
    expect(words[first / 4 + 16]).toBe(first + 128);
    expect([...words.subarray((first + 128) / 4, (first + 128) / 4 + 2)]).toEqual([2, 3]);
    expect(words[first / 4 + 2]).toBe(first + 192);
    expect(words[(first + 192) / 4]).toBe(7);
  });

  it('refuses a table for a number', () => {
    const args = { ...step.args, count: Int32Array.of(1) };
    expect(() => encode([{ ...step, args }])).toThrow('count is a u32');
  });

  it.each<[string, Step, string]>([
    ['an unknown kernel', { ...step, kernel: 'nope' }, 'plan: there is no kernel nope'],
    [
      'a missing argument',
      { ...step, args: { x: null, count: 1, scale: 1 } },
      'arguments are x, count, scale but it takes x, count, shift, scale',
    ],
    [
      'another name',
      { ...step, args: { x: null, count: 1, scale: 1, shifts: 1 } },
      'argument shift is missing',
    ],
    [
      'one too many',
      { ...step, args: { ...step.args, more: 1 } },
      'arguments are scale, x, count, shift, more but it takes',
    ],
    ['a number for a pointer', { ...step, args: { ...step.args, x: 64 } }, 'x is a pointer'],
    ['a pointer for a number', { ...step, args: { ...step.args, count: null } }, 'count is a u32'],
    [
      'a buffer without address',
      { ...step, args: { ...step.args, x: { buffer: { bytes: 4 }, byteOffset: 0 } } },
      'x has no address yet',
    ],
    ['too many chunks', { ...step, chunks: 65536 }, 'chunks is 65536 but must be'],
    ['no chunks', { ...step, chunks: 0 }, 'chunks is 0 but must be a whole number of 1 to 65535'],
  ])('refuses %s', (_, bad, message) => {
    expect(() => encode([bad])).toThrow(message);
  });
});
