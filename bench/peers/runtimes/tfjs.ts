import { join } from 'node:path';
import type { Layer } from '../network/layers.ts';
import { readNetwork } from '../network/networkFile.ts';
import type { Runtime } from './runtime.ts';
import { sidesOf, startTf, type Tf, type TfTensor } from './tf.ts';
import { depthwiseFilter, padChannels, runCommonLayer } from './tfjsLayer.ts';
import { tfjsTrain } from './tfjsTrain.ts';

/** TensorFlow.js with its fused convolutions for inference. */
const infer: Runtime = async ({ threads, files }, { shape, images }) => {
  const tf = await startTf(threads);
  const network = await readNetwork(join(files, 'network.safetensors'));
  const weights = new Map<string, TfTensor>();
  for (const [name, weight] of network.weights) {
    weights.set(name, tf.tensor(weight.data, weight.shape));
  }
  const input = tf.tensor(images, shape);
  const { layers } = network;
  const forward = (): TfTensor => {
    const values = new Map([[network.input, input]]);
    for (const layer of layers) {
      const inputs = layer.inputs.map((name) => values.get(name)!);
      values.set(layer.output, runLayer(tf, layer, inputs, weights));
    }
    return values.get(network.output)!;
  };
  return {
    facts: 'SIMD',
    run: async () => {
      const logits = tf.tidy(forward);
      const data = await logits.data();
      logits.dispose();
      return data;
    },
  };
};

/** TensorFlow.js on its WASM backend. */
export const tfjs: Runtime = (job, example) =>
  job.pass === 'infer' ? infer(job, example) : tfjsTrain(job, example);

function runLayer(
  tf: Tf,
  layer: Layer,
  inputs: readonly TfTensor[],
  weights: ReadonlyMap<string, TfTensor>,
): TfTensor {
  const [x] = inputs as [TfTensor];
  const activation = layer.relu ? 'relu' : 'linear';
  const bias = 'bias' in layer && layer.bias !== undefined ? weights.get(layer.bias) : undefined;
  switch (layer.kind) {
    case 'conv2d': {
      const filter = weights.get(layer.weight)!;
      const depthwise = depthwiseFilter(tf, layer, filter);
      return tf.fused[depthwise ? 'depthwiseConv2d' : 'conv2d']({
        x,
        filter: depthwise ?? filter,
        strides: layer.stride,
        pad: sidesOf(layer.padding),
        dilations: layer.dilation,
        dimRoundingMode: 'floor',
        bias,
        activation,
      });
    }
    case 'batchNorm': {
      const [mean, variance, beta, gamma] = [
        layer.mean,
        layer.variance,
        layer.beta,
        layer.gamma,
      ].map((name) => weights.get(name)!) as [TfTensor, TfTensor, TfTensor, TfTensor];
      const y = tf.batchNorm(x, mean, variance, beta, gamma, layer.eps);
      return layer.relu ? tf.relu(y) : y;
    }
    case 'linear':
      return tf.fused.matMul({ a: x, b: weights.get(layer.weight), bias, activation });
    case 'subsamplePad': {
      const [n, h, w] = layer.shape as [number, number, number];
      const [s, depth] = [layer.stride, layer.shape[3]! - layer.before - layer.after];
      const end = [n, h * s, w * s, depth];
      const small = tf.stridedSlice(x, [0, 0, 0, 0], end, [1, s, s, 1]);
      return padChannels(tf, small, layer);
    }
    case 'add': {
      const sum = tf.add(x, inputs[1]!);
      return layer.relu ? tf.relu(sum) : sum;
    }
    default:
      return runCommonLayer(tf, layer, inputs, weights);
  }
}
