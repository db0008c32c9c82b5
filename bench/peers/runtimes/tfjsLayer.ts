import type {
  ArrangeLayer,
  ConvLayer,
  ElementLayer,
  LayerNormLayer,
  MultiplyLayer,
  PoolLayer,
} from '../network/layers.ts';
import type { Tf, TfTensor } from './tf.ts';

/** Runs a layer that TensorFlow.js has for inference and for training alike. */
export function runCommonLayer(
  tf: Tf,
  layer: PoolLayer | ArrangeLayer | ElementLayer | LayerNormLayer | MultiplyLayer,
  inputs: readonly TfTensor[],
  weights: ReadonlyMap<string, TfTensor>,
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
    case 'reshape':
      return tf.reshape(x, layer.shape);
    case 'concat':
      return tf.concat(inputs, 3);
    case 'resize':
      return tf.image.resizeNearestNeighbor(x, layer.shape.slice(1, 3));
    case 'multiply':
      return tf.mul(x, layer.factor === undefined ? inputs[1]! : weights.get(layer.factor)!);
    case 'layerNorm': {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.mul(centred, centred), -1, true);
      const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, tf.scalar(layer.eps))));
      return tf.add(tf.mul(normal, weights.get(layer.gamma)!), weights.get(layer.beta)!);
    }
    case 'add':
      return tf.add(x, inputs[1]!);
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'gelu': {
      const erf = tf.erf(tf.mul(x, tf.scalar(Math.SQRT1_2)));
      return tf.mul(tf.mul(x, tf.scalar(0.5)), tf.add(erf, tf.scalar(1)));
    }
  }
}

/**
 * The filter of a convolution of as many groups as channels, as TensorFlow has it: `[KH, KW, C, 1]`; undefined for other convolutions.
 *
 * @throws {Error} for groups of several channels, which it does not have
 */
export function depthwiseFilter(
  tf: Tf,
  { groups, shape }: ConvLayer,
  filter: TfTensor,
): TfTensor | undefined {
  if (groups === 1) return undefined;
  if (groups !== shape[3]) throw new Error('it has no convolution in groups of several channels');
  return tf.reshape(filter, [...filter.shape.slice(0, 2), groups, 1]);
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
