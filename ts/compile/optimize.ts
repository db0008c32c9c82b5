import type { Graph } from '../graph.ts';
import { checkWinograd } from './passes/checkWinograd.ts';
import { dropDead } from './passes/dropDead.ts';
import { foldBatchNorm } from './passes/foldBatchNorm.ts';
import { fuseGradientSum } from './passes/fuseGradientSum.ts';
import { fuseRelu } from './passes/fuseRelu.ts';
import { fuseReluBackward } from './passes/fuseReluBackward.ts';
import { fuseResidual } from './passes/fuseResidual.ts';
import { packWeights } from './passes/packWeights.ts';
import { recompute } from './passes/recompute.ts';

/** The passes in their order: each makes room for the next. `winograd` says whether its algorithms may be chosen. */
const passes: readonly ((graph: Graph, winograd: boolean) => Graph)[] = [
  dropDead,
  // Reads weights as they are, before batch norm is folded into them: that scales output channels alone.
  checkWinograd,
  foldBatchNorm,
  fuseRelu,
  fuseReluBackward,
  fuseGradientSum,
  fuseResidual,
  recompute,
  packWeights,
  dropDead,
];

/** The graph that a plan runs. */
export function optimize(graph: Graph, winograd: boolean): Graph {
  return passes.reduce((current, pass) => pass(current, winograd), graph);
}
