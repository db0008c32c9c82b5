import type { Graph, Value } from '../core/graph.ts';
import { chooseWinogradByError } from './passes/chooseWinogradByError.ts';
import { shareNormGradient } from './passes/shareNormGradient.ts';
import { dropDead } from './passes/dropDead.ts';
import { fuseFollowing } from './passes/fuseFollowing.ts';
import { fuseElementwise } from './passes/fuseElementwise.ts';
import { foldBatchNorm } from './passes/foldBatchNorm.ts';
import { fuseGradientSum } from './passes/fuseGradientSum.ts';
import { fuseRelu } from './passes/fuseRelu.ts';
import { fuseReluBackward } from './passes/fuseReluBackward.ts';
import { fuseResidual } from './passes/fuseResidual.ts';
import { packWeights } from './passes/packWeights.ts';
import { fuseFrozenNormIntoPointwise } from './passes/fuseFrozenNormIntoPointwise.ts';
import { fuseNormIntoReaders } from './passes/fuseNormIntoReaders.ts';
import { innerValues, recompute } from './passes/recompute.ts';
import { shareMoments } from './passes/shareMoments.ts';

/** Passes in their order: each makes room for the next. `winograd` says whether its algorithms may be chosen. */
const fusions: readonly ((graph: Graph, winograd: boolean) => Graph)[] = [
  dropDead,
  // Reads weights as they are, before batch norm is folded into them: that scales output channels alone.
  chooseWinogradByError,
  foldBatchNorm,
  fuseRelu,
  fuseReluBackward,
  fuseGradientSum,
  // Needs batch norm's gradients with their masks and sums.
  shareNormGradient,
  // Leaves batch norm's gradient as it is, which reads x and not y.
  fuseNormIntoReaders,
  shareMoments,
  fuseResidual,
  fuseFrozenNormIntoPointwise,
  // Takes what no convolution has taken.
  fuseElementwise,
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
  const complete = recompute(fused, dropped);
  const packed = dropDead(packWeights(complete, winograd));
  return fuseFollowing(packed);
}

/** The graph that a plan runs when its memory is not limited. */
export function optimize(graph: Graph, winograd: boolean): Graph {
  return finish(fuse(graph, winograd), winograd);
}
