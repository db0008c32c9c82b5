import type { Graph, Node, Value } from '../../../ts/core/graph.ts';
import type {
  BatchNormTrainAttrs,
  FoldBatchNormAttrs,
} from '../../../ts/ops/batchNorm/batchNorm.ts';
import type { Conv2dAttrs } from '../../../ts/ops/conv2d/conv2d.ts';
import type { PoolGeometry } from '../../../ts/ops/pools/poolShape.ts';
import type { SubsamplePadAttrs } from '../../../ts/ops/subsamplePad.ts';
import { foldWeights } from './foldWeights.ts';
import type { Layer, LayerSettings, Network, Weight } from './layers.ts';

/**
 * A captured network as layers with names. Weights are copied out of WASM memory; folded ones are computed here.
 *
 * @throws {Error} for an op that no layer stands for
 */
export function networkFromGraph(name: string, graph: Graph): Network {
  const names = new Map<Value, string>();
  const weights = new Map<string, Weight>();
  const parameters: string[] = [];
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
  const fold = ({ inputs, outputs, attrs }: Node): void => {
    const given = inputs.map(({ shape, tensor }): Weight => {
      return { shape, data: tensor!.data() as Float32Array };
    });
    foldWeights(given, attrs as FoldBatchNormAttrs).forEach((weight, index) => {
      weights.set(nameOf(outputs[index]!), weight);
    });
  };
  const settings = ({ op, inputs, outputs, attrs, path }: Node): LayerSettings => {
    const bias = (attrs as { bias?: boolean }).bias ? { bias: nameOf(inputs[2]!) } : {};
    switch (op.name) {
      case 'conv2d': {
        const { stride, padding, dilation, groups } = attrs as Conv2dAttrs;
        const weight = nameOf(inputs[1]!);
        return { kind: 'conv2d', weight, ...bias, stride, padding, dilation, groups };
      }
      case 'batchNormTrain':
      case 'batchNormInference': {
        const { eps, momentum = 0.1 } = attrs as BatchNormTrainAttrs;
        const training = op.name === 'batchNormTrain';
        const [gamma, beta, mean, variance] = inputs.slice(1).map(nameOf) as Names;
        return { kind: 'batchNorm', gamma, beta, mean, variance, eps, momentum, training };
      }
      case 'linear': {
        const image = flattened.get(inputs[0]!);
        const weight = nameOf(inputs[1]!);
        return { kind: 'linear', weight, ...bias, ...(image && { flattened: image }) };
      }
      case 'maxPool2d':
      case 'avgPool2d': {
        const { kernelSize, stride, padding } = attrs as PoolGeometry;
        return { kind: op.name, kernelSize, stride, padding };
      }
      case 'subsamplePad': {
        const { stride, before, after } = attrs as SubsamplePadAttrs;
        return { kind: 'subsamplePad', stride, before, after };
      }
      case 'reshape': {
        const image = inputs[0]!.shape.slice(1);
        if (image.length === 3 && image[0]! * image[1]! > 1) flattened.set(outputs[0]!, image);
        return { kind: 'flatten' };
      }
      case 'add':
      case 'relu':
      case 'concat':
      case 'globalAvgPool2d':
        return { kind: op.name };
      default:
        throw new Error(
          `network: ${path || 'outside its modules'}: the peers have no layer for the op ${op.name}`,
        );
    }
  };

  const layers: Layer[] = [];
  for (const node of graph.nodes) {
    const { op, inputs, outputs, attrs } = node;
    if (op.name === 'foldBatchNorm') {
      fold(node);
      continue;
    }
    const [result] = outputs;
    // Counters of batch norms give nothing to the forward pass.
    if (!result) continue;
    const unchanged =
      op.name === 'adaptiveAvgPool2d' && `${inputs[0]!.shape}` === `${result.shape}`;
    if (unchanged) {
      names.set(result, nameOf(inputs[0]!));
      continue;
    }
    // Layers read what earlier ones wrote; weights are named by the settings.
    const read = inputs.filter((value) => !value.tensor && !weights.has(nameOf(value)));
    const relu = Boolean((attrs as { relu?: boolean }).relu);
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

type Names = [gamma: string, beta: string, mean: string, variance: string];
