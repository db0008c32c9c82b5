import type { Graph, Value } from '../graph.ts';
import { checkWinograd } from './passes/checkWinograd.ts';
import { dropDead } from './passes/dropDead.ts';
import { foldBatchNorm } from './passes/foldBatchNorm.ts';
import { fuseGradientSum } from './passes/fuseGradientSum.ts';
import { fuseRelu } from './passes/fuseRelu.ts';
import { fuseReluBackward } from './passes/fuseReluBackward.ts';
import { fuseResidual } from './passes/fuseResidual.ts';
import { packWeights } from './passes/packWeights.ts';
import { innerValues, recompute } from './passes/recompute.ts';

/** Passes in their order: each makes room for the next. `winograd` says whether its algorithms may be chosen. */
const fusions: readonly ((graph: Graph, winograd: boolean) => Graph)[] = [
  dropDead,
  // Reads weights as they are, before batch norm is folded into them: that scales output channels alone.
  checkWinograd,
  foldBatchNorm,
  fuseRelu,
  fuseReluBackward,
  fuseGradientSum,
  fuseResidual,
];

/** The graph with as few passes over memory as its ops allow. */
export function fuse(graph: Graph, winograd: boolean): Graph {
  return fusions.reduce((current, pass) => pass(current, winograd), graph);
}

/** A fused graph as a plan runs it. */
export function finish(
  fused: Graph,
  winograd: boolean,
  dropped: ReadonlySet<Value> = innerValues(fused),
): Graph {
  return dropDead(packWeights(recompute(fused, dropped), winograd));
}

/** The graph that a plan runs when its memory is not limited. */
export function optimize(graph: Graph, winograd: boolean): Graph {
  return finish(fuse(graph, winograd), winograd);
}
