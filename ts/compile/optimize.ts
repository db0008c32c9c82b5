import type { Graph } from '../graph.ts';
import { dropDead } from './passes/dropDead.ts';
import { foldBatchNorm } from './passes/foldBatchNorm.ts';
import { fuseRelu } from './passes/fuseRelu.ts';
import { fuseReluBackward } from './passes/fuseReluBackward.ts';
import { fuseResidual } from './passes/fuseResidual.ts';
import { packWeights } from './passes/packWeights.ts';

/** The passes in their order: each makes room for the next. */
const passes: readonly ((graph: Graph) => Graph)[] = [
  dropDead,
  foldBatchNorm,
  fuseRelu,
  fuseReluBackward,
  fuseResidual,
  packWeights,
  dropDead,
];

/** The graph that a plan runs. */
export function optimize(graph: Graph): Graph {
  return passes.reduce((current, pass) => pass(current), graph);
}
