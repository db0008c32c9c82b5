import {
  inputsOf,
  is,
  outputsOf,
  type Graph,
  type Node,
  type Value,
} from '../../../ts/core/graph.ts';
import { add } from '../../../ts/ops/add.ts';
import { batchNormInference } from '../../../ts/ops/batchNorm/batchNormInference.ts';
import { batchNormTrain } from '../../../ts/ops/batchNorm/batchNormTrain.ts';
import { foldBatchNorm } from '../../../ts/ops/batchNorm/foldBatchNorm.ts';
import { concat } from '../../../ts/ops/concat.ts';
import { conv2d } from '../../../ts/ops/conv2d/conv2d.ts';
import { layerNorm } from '../../../ts/ops/layerNorm/layerNorm.ts';
import { linear } from '../../../ts/ops/linear.ts';
import { map } from '../../../ts/ops/map/map.ts';
import { adaptiveAvgPool2d } from '../../../ts/ops/pools/adaptiveAvgPool2d.ts';
import { avgPool2d } from '../../../ts/ops/pools/avgPool2d.ts';
import { globalAvgPool2d } from '../../../ts/ops/pools/globalAvgPool2d.ts';
import { maxPool2d } from '../../../ts/ops/pools/maxPool2d.ts';
import type { PoolGeometry } from '../../../ts/ops/pools/poolShape.ts';
import { relu } from '../../../ts/ops/relu.ts';
import { interpolate } from '../../../ts/ops/resample/interpolate.ts';
import { reshape } from '../../../ts/ops/reshape.ts';
import { sigmoid } from '../../../ts/ops/sigmoid.ts';
import { subsamplePad } from '../../../ts/ops/subsamplePad.ts';
import { foldNorm, scaleWeights } from './foldNorm.ts';
import type { CurveKind, Layer, LayerSettings, Network, Weight } from './layers.ts';

/** Curves by the names of their formulas. */
const CURVES: Readonly<Record<string, CurveKind>> = { relu6: 'relu6', silu: 'silu', gelu: 'gelu' };

/**
 * A captured network as layers with names. Weights are copied out of WASM memory; folded ones are computed here.
 *
 * @throws {Error} for an op that no layer stands for
 */
export function networkFromGraph(name: string, graph: Graph): Network {
  const names = new Map<Value, string>();
  const weights = new Map<string, Weight>();
  const parameters: string[] = [];
  /** What weights are multiplied by. */
  const scales = new Map<Value, Weight>();
  const flattened = new Map<Value, readonly number[]>();

  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const { tensor } = value;
    const made = `${tensor ? 'w' : 'v'}${value.id}`;
    names.set(value, made);
    if (tensor) {
      weights.set(made, { shape: value.shape, data: tensor.data() as Float32Array });
      if (tensor.requiresGrad) parameters.push(made);
    }
    return made;
  };
  const weightOf = ({ shape, tensor }: Value): Weight => {
    if (!tensor) throw new Error('network: a folded weight is made from what is no parameter');
    return { shape, data: tensor.data() as Float32Array };
  };
  const settings = (node: Node): LayerSettings => {
    if (is(node, conv2d)) {
      const { stride, padding, dilation, groups } = node.attrs;
      return {
        kind: 'conv2d',
        ...weightsOf(node.inputs),
        stride,
        padding,
        dilation,
        groups,
      };
    }
    const training = is(node, batchNormTrain);
    if (training || is(node, batchNormInference)) {
      const { gamma, beta, runningMean, runningVar } = node.inputs;
      return {
        kind: 'batchNorm',
        gamma: nameOf(gamma),
        beta: nameOf(beta),
        mean: nameOf(runningMean),
        variance: nameOf(runningVar),
        eps: node.attrs.eps,
        momentum: training ? node.attrs.momentum : 0.1,
        training,
      };
    }
    if (is(node, linear)) {
      const image = flattened.get(node.inputs.x);
      return { kind: 'linear', ...weightsOf(node.inputs), ...(image && { flattened: image }) };
    }
    if (is(node, maxPool2d)) return { kind: 'maxPool2d', ...windowOf(node.attrs) };
    if (is(node, avgPool2d)) return { kind: 'avgPool2d', ...windowOf(node.attrs) };
    if (is(node, subsamplePad)) {
      const { stride, before, after } = node.attrs;
      return { kind: 'subsamplePad', stride, before, after };
    }
    if (is(node, layerNorm)) {
      const { gamma, beta } = node.inputs;
      const { normalizedShape, eps } = node.attrs;
      if (normalizedShape.length === 1 && gamma && beta)
        return { kind: 'layerNorm', gamma: nameOf(gamma), beta: nameOf(beta), eps };
    }
    if (is(node, map)) {
      const { name: formula } = node.attrs;
      const [, factor] = node.inputs.parts;
      if (formula in CURVES) return { kind: CURVES[formula]! };
      if (formula === 'multiply' && factor)
        return { kind: 'multiply', ...(factor.tensor && { factor: nameOf(factor) }) };
    }
    if (is(node, sigmoid)) return { kind: 'sigmoid' };
    if (is(node, interpolate) && node.attrs.mode === 'nearest') return { kind: 'resize' };
    if (is(node, reshape) && node.outputs.y.shape.length === 4) {
      // With rows alone, or columns, or channels, an image is the same whichever of them come first.
      if (node.outputs.y.shape.slice(1).filter((size) => size > 1).length <= 1)
        return { kind: 'reshape' };
    }
    if (is(node, reshape) && node.outputs.y.shape.length === 2) {
      const image = node.inputs.x.shape.slice(1);
      if (image.length === 3 && image[0]! * image[1]! > 1) flattened.set(node.outputs.y, image);
      return { kind: 'flatten' };
    }
    if (is(node, add)) return { kind: 'add' };
    if (is(node, relu)) return { kind: 'relu' };
    if (is(node, concat)) return { kind: 'concat' };
    if (is(node, globalAvgPool2d)) return { kind: 'globalAvgPool2d' };
    const op = is(node, map) ? node.attrs.name : node.op.name;
    const place = node.path || 'outside its modules';
    throw new Error(`network: ${place}: the peers have no layer for the op ${op}`);
  };
  const weightsOf = ({
    w,
    scale,
    bias,
  }: {
    w?: Value;
    scale?: Value;
    bias?: Value;
  }): { weight: string; bias?: string } => {
    if (!w) throw new Error('network: a convolution has no plain weights');
    const factors = scale && scales.get(scale);
    const weight = nameOf(factors ? scale : w);
    if (factors) weights.set(weight, scaleWeights(weightOf(w), factors));
    return { weight, ...(bias && { bias: nameOf(bias) }) };
  };

  const layers: Layer[] = [];
  for (const node of graph.nodes) {
    if (is(node, foldBatchNorm)) {
      const { bias, gamma, beta, runningMean, runningVar } = node.inputs;
      const given = {
        ...(bias && { bias: weightOf(bias) }),
        gamma: weightOf(gamma),
        beta: weightOf(beta),
        runningMean: weightOf(runningMean),
        runningVar: weightOf(runningVar),
      };
      const folded = foldNorm(given, node.attrs.eps);
      scales.set(node.outputs.scale, folded.scale);
      weights.set(nameOf(node.outputs.bias), folded.bias);
      continue;
    }
    const inputs = inputsOf(node);
    const [result] = outputsOf(node);
    if (is(node, reshape) && node.inputs.x.tensor) {
      weights.set(nameOf(result!), { ...weightOf(node.inputs.x), shape: result!.shape });
      continue;
    }
    // Counters of batch norms give nothing to the forward pass.
    if (!result) continue;
    if (is(node, adaptiveAvgPool2d) && `${node.inputs.x.shape}` === `${result.shape}`) {
      names.set(result, nameOf(node.inputs.x));
      continue;
    }
    // Layers read what earlier ones wrote; weights are named by the settings.
    const read = inputs.filter(
      (value) => !value.tensor && !scales.has(value) && !weights.has(nameOf(value)),
    );
    const relu = Boolean((node.attrs as { relu?: boolean }).relu);
    const common = { inputs: read.map(nameOf), output: nameOf(result), shape: result.shape, relu };
    layers.push({ ...settings(node), ...common });
  }
  const [input] = graph.inputs;
  return {
    name,
    inputShape: input!.shape,
    input: nameOf(input!),
    output: nameOf(graph.outputs[0]!),
    layers,
    weights,
    parameters,
  };
}

type Window = Pick<PoolGeometry, 'kernelSize' | 'stride' | 'padding'>;

const windowOf = ({ kernelSize, stride, padding }: Window): Window => ({
  kernelSize,
  stride,
  padding,
});
