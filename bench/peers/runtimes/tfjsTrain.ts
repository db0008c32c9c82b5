import { join } from 'node:path';
import type { Layer } from '../network/layers.ts';
import { readNetwork } from '../network/networkFile.ts';
import type { Runtime } from './runtime.ts';
import { sidesOf, startTf, type Tf, type TfTensor } from './tf.ts';
import { depthwiseFilter, padChannels, runCommonLayer } from './tfjsLayer.ts';

/**
 * TensorFlow.js in training. Its WASM backend has no filter gradient (tensorflow/tfjs#8474): one is supplied, made of its
 * own slices and matrix products. Running statistics are left alone, which is less work than the others do.
 */
export const tfjsTrain: Runtime = async ({ threads, files }, { shape, images, labels }) => {
  const tf = await startTf(threads);
  registerFilterGradient(tf);
  const network = await readNetwork(join(files, 'network.safetensors'));
  const moved = new Set(network.parameters);
  const weights = new Map<string, TfTensor>();
  for (const [name, { data, shape: sizes }] of network.weights) {
    const value = tf.tensor(data, sizes);
    weights.set(name, moved.has(name) ? tf.variable(value) : value);
  }
  const input = tf.tensor(images, shape);
  const classes = network.layers.at(-1)!.shape[1]!;
  const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
  const optimizer = tf.train.momentum(0.01, 0.9);
  const parameters = network.parameters.map((name) => weights.get(name)!);
  const loss = (): TfTensor => {
    const values = new Map([[network.input, input]]);
    for (const layer of network.layers) {
      const inputs = layer.inputs.map((name) => values.get(name)!);
      values.set(layer.output, runLayer(tf, layer, inputs, weights));
    }
    return tf.losses.softmaxCrossEntropy(wanted, values.get(network.output)!);
  };
  return {
    facts: 'SIMD, filter gradient supplied',
    run: async () => {
      const cost = tf.tidy(() => optimizer.minimize(loss, true, parameters));
      const [value] = await cost.data();
      cost.dispose();
      return value!;
    },
  };
};

function runLayer(
  tf: Tf,
  layer: Layer,
  inputs: readonly TfTensor[],
  weights: ReadonlyMap<string, TfTensor>,
): TfTensor {
  const [x] = inputs as [TfTensor];
  const bias = 'bias' in layer && layer.bias !== undefined ? weights.get(layer.bias) : undefined;
  const withBias = (y: TfTensor): TfTensor => (bias ? tf.add(y, bias) : y);
  switch (layer.kind) {
    case 'conv2d': {
      const { stride, padding, dilation } = layer;
      const settings = [stride, sidesOf(padding), 'NHWC', dilation, 'floor'];
      const filter = weights.get(layer.weight)!;
      const depthwise = depthwiseFilter(tf, layer, filter);
      return withBias(
        depthwise
          ? tf.depthwiseConv2d(x, depthwise, ...settings)
          : tf.conv2d(x, filter, ...settings),
      );
    }
    case 'batchNorm': {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const [beta, gamma] = [weights.get(layer.beta)!, weights.get(layer.gamma)!];
      return tf.batchNorm(x, mean, variance, beta, gamma, layer.eps);
    }
    case 'linear':
      return withBias(tf.matMul(x, weights.get(layer.weight)!));
    case 'subsamplePad': {
      // Strided slices have no gradient there; the mean of one pixel does.
      const small = tf.avgPool(x, 1, layer.stride, 0, 'floor');
      return padChannels(tf, small, layer);
    }
    default:
      return runCommonLayer(tf, layer, inputs, weights);
  }
}

interface FilterGradient {
  readonly inputs: { readonly x: TfTensor; readonly dy: TfTensor };
  readonly attrs: {
    readonly strides: number | readonly [number, number];
    readonly pad: readonly (readonly [number, number])[];
    readonly filterShape: readonly [number, number, number, number];
  };
}

function registerFilterGradient(tf: Tf): void {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs: { x, dy }, attrs: { strides, pad, filterShape } }: FilterGradient) =>
      tf.tidy(() => {
        const [n, h, w, outChannels] = dy.shape as [number, number, number, number];
        const [height, width, channels] = filterShape;
        const [down, right] = typeof strides === 'number' ? [strides, strides] : strides;
        const padded = tf.pad(x, pad);
        const rows = tf.reshape(dy, [n * h * w, outChannels]);
        const taps: TfTensor[] = [];
        for (let i = 0; i < height; i++) {
          for (let j = 0; j < width; j++) {
            const end = [n, i + (h - 1) * down + 1, j + (w - 1) * right + 1, channels];
            const seen = tf.stridedSlice(padded, [0, i, j, 0], end, [1, down, right, 1]);
            taps.push(tf.matMul(tf.reshape(seen, [n * h * w, channels]), rows, true));
          }
        }
        return tf.reshape(tf.stack(taps), filterShape);
      }),
  });
}
