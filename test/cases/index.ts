import { batchNorms } from './batchNorm.ts';
import type { AnyOpCases } from './case.ts';
import { channels } from './channels.ts';
import { products } from './conv2d.ts';
import { transposed } from './convTranspose2d.ts';
import { elementwise } from './elementwise.ts';
import { losses } from './losses.ts';
import { maps } from './map.ts';
import { matmuls } from './matmul.ts';
import { norms } from './norms.ts';
import { optimizers } from './optimizers.ts';
import { pools } from './pools.ts';
import { randoms } from './random.ts';
import { reductions } from './reduce.ts';
import { moves } from './moves.ts';
import { resamples } from './resample.ts';

/** The table of all op cases. */
export const table: readonly AnyOpCases[] = [
  ...elementwise,
  ...channels,
  ...products,
  ...transposed,
  ...batchNorms,
  ...pools,
  ...losses,
  ...maps,
  ...optimizers,
  ...randoms,
  ...reductions,
  ...norms,
  ...matmuls,
  ...moves,
  ...resamples,
];
