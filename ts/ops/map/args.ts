import type { Argument, Pointer } from '../../kernels/step.ts';

/** Inputs that the kernel takes. */
export const MOST_INPUTS = 8;

/** Arguments of the kernel. */
export function mapArgs(
  parts: readonly Pointer[],
  y: Pointer,
  layout: Int32Array,
  program: Int32Array,
): Readonly<Record<string, Argument>> {
  const inputs = Array.from({ length: MOST_INPUTS }, (_, i): [string, Pointer | null] => [
    `x${i}`,
    parts[i] ?? null,
  ]);
  return { ...Object.fromEntries(inputs), inputs: parts.length, y, layout, program };
}
