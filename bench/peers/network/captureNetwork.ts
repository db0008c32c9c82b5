import { capture } from '../../../ts/compile/capture.ts';
import { dropDead } from '../../../ts/compile/passes/dropDead.ts';
import { foldBatchNorm } from '../../../ts/compile/passes/foldBatchNorm.ts';
import { fuseRelu } from '../../../ts/compile/passes/fuseRelu.ts';
import type { Module } from '../../../ts/nn/module.ts';
import { noGrad } from '../../../ts/core/tape.ts';
import { inMode } from '../../../ts/nn/inMode.ts';
import { networkFromGraph } from './fromGraph.ts';
import type { Network } from './layers.ts';

/**
 * The forward pass of a model as layers: in inference with batch norms folded where they follow a convolution, as the
 * peers' own converters do; in training as it is.
 */
export function captureNetwork(
  name: string,
  model: Module,
  inputShape: readonly number[],
  training: boolean,
): Network {
  const captured = inMode(model, training, () =>
    noGrad(() => capture((x) => model.forward(x), [{ shape: inputShape, dtype: 'f32' }])),
  );
  const live = dropDead(captured);
  return networkFromGraph(name, training ? live : fuseRelu(foldBatchNorm(live)));
}
