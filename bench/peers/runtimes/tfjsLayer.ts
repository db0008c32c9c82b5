import type { ArrangeLayer, PoolLayer } from '../network/layers.ts';
import type { Tf, TfTensor } from './tf.ts';

/** Runs a layer that TensorFlow.js has for inference and for training alike. */
export function runCommonLayer(
  tf: Tf,
  layer: PoolLayer | ArrangeLayer,
  inputs: readonly TfTensor[],
): TfTensor {
  const [x] = inputs as [TfTensor];
  switch (layer.kind) {
    case 'maxPool2d':
    case 'avgPool2d': {
      const pool = layer.kind === 'maxPool2d' ? tf.maxPool : tf.avgPool;
      return pool(x, layer.kernelSize, layer.stride, layer.padding[0], 'floor');
    }
    case 'globalAvgPool2d':
      return tf.mean(x, [1, 2]);
    case 'flatten':
      return tf.reshape(x, layer.shape);
    case 'concat':
      return tf.concat(inputs, 3);
  }
}

/** Zero channels before and after. */
export function padChannels(
  tf: Tf,
  x: TfTensor,
  { before, after }: { readonly before: number; readonly after: number },
): TfTensor {
  return tf.pad(x, [
    [0, 0],
    [0, 0],
    [0, 0],
    [before, after],
  ]);
}
