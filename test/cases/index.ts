import { batchNorms } from './batchNorm.ts';
import type { OpCases } from './case.ts';
import { channels } from './channels.ts';
import { products } from './conv2d.ts';
import { elementwise } from './elementwise.ts';
import { pools } from './pools.ts';

/** The table of all op cases. */
export const table: readonly OpCases<unknown>[] = [
  ...elementwise,
  ...channels,
  ...products,
  ...batchNorms,
  ...pools,
];
