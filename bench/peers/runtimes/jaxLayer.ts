import type { Layer } from '../network/layers.ts';
import type { Jax, JaxArray } from './jax.ts';

/** What a layer computes, images as `[N, C, H, W]`; it uses up its inputs and the weights it asks for. */
export function runJaxLayer(
  { lax, nn, numpy }: Jax,
  layer: Layer,
  inputs: readonly JaxArray[],
  weightOf: (name: string) => JaxArray,
): JaxArray {
  const [x] = inputs as [JaxArray];
  /** One number a channel, for all pixels. */
  const perChannel = (vector: JaxArray): JaxArray => vector.reshape([1, vector.shape[0]!, 1, 1]);
  switch (layer.kind) {
    case 'conv2d': {
      const [top, right, bottom, left] = layer.padding;
      const sides = [[top, bottom] as const, [left, right] as const];
      const y = lax.convGeneralDilated(x, weightOf(layer.weight), layer.stride, sides, {
        rhsDilation: layer.dilation,
        featureGroupCount: layer.groups,
      });
      return layer.bias === undefined ? y : y.add(perChannel(weightOf(layer.bias)));
    }
    case 'batchNorm': {
      const mean = perChannel(numpy.mean(x.ref, [0, 2, 3]));
      const centred = x.sub(mean);
      const variance = perChannel(numpy.mean(numpy.square(centred.ref), [0, 2, 3]));
      const normal = centred.div(numpy.sqrt(variance.add(layer.eps)));
      const scaled = normal.mul(perChannel(weightOf(layer.gamma)));
      return scaled.add(perChannel(weightOf(layer.beta)));
    }
    case 'linear': {
      const y = numpy.matmul(x, weightOf(layer.weight));
      return layer.bias === undefined ? y : y.add(weightOf(layer.bias));
    }
    case 'avgPool2d': {
      const [n, h, w, c] = layer.shape as [number, number, number, number];
      const [down, right] = layer.kernelSize;
      if (`${layer.stride}` !== `${layer.kernelSize}` || layer.padding.some((side) => side > 0)) {
        throw new Error('average pooling of windows that overlap is not supplied for it');
      }
      return numpy.mean(x.reshape([n, c, h, down, w, right]), [3, 5]);
    }
    case 'maxPool2d':
      throw new Error('max pooling is not supplied for it');
    case 'globalAvgPool2d':
      return numpy.mean(x, [2, 3]);
    case 'flatten':
      return x.reshape(layer.shape);
    case 'concat':
      return numpy.concatenate(inputs, 1);
    case 'subsamplePad': {
      const [n, h, w] = layer.shape as [number, number, number];
      const { stride, before, after } = layer;
      const depth = x.shape[1]!;
      const pairs = x.reshape([n, depth, h, stride, w, stride]);
      const first = [0, 1] as const;
      const small = pairs.slice([], [], [], first, [], first).reshape([n, depth, h, w]);
      const none = [0, 0] as const;
      return numpy.pad(small, [none, [before, after], none, none]);
    }
    case 'add':
      return x.add(inputs[1]!);
    case 'relu':
      return nn.relu(x);
    default:
      throw new Error(`the layer ${layer.kind} is not supplied for it`);
  }
}
