import type { AnyOp } from './op.ts';

/** The ops of the extra module that this program has, by name, for what must not import them: that would be to need them. */
export const extraOps = new Map<string, AnyOp>();
