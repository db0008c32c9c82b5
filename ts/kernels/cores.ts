import { nodeModule } from './node.ts';

/** Processors that this process may use. */
export function cores(): number {
  const os = nodeModule<typeof import('node:os')>('node:os');
  return os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
