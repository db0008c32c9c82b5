import type { Plan, Values } from '../compile/plan.ts';
import { runPrologue } from '../compile/runPrologue.ts';
import { is, type Node, type NodeOf, type Value } from '../core/graph.ts';
import type { Norm } from '../ops/batchNorm/norm.ts';
import type { Of, Tree } from '../ops/places.ts';
import { conv2dPack } from '../ops/conv2d/conv2dPack.ts';
import {
  conv2d,
  type Conv2dAttrs,
  type Conv2dInputs,
  type Conv2dOutputs,
} from '../ops/conv2d/conv2d.ts';
import {
  conv2dOfPacked,
  type Conv2dOfPackedAttrs,
  type Conv2dOfPackedInputs,
} from '../ops/conv2d/conv2dOfPacked.ts';
import { convErrorBound } from '../ops/conv2d/errorBound.ts';
import type { Step } from '../kernels/step.ts';
import type { View } from '../ops/op.ts';
import { channelsOf, pixelsOf, sizeOf, type Shape } from '../base/shape.ts';
import { formatTable } from '../base/formatTable.ts';

/** The error of a convolution in a plan. */
export interface AccuracyRow {
  readonly path: string;
  readonly kernel: string;
  /** Products in the sum of an output. */
  readonly products: number;
  /** Largest error of the outputs that were looked at, relative to the largest output. */
  readonly error: number;
  /** What is accepted; Winograd's algorithms give way at compile where they would exceed it. */
  readonly bound: number;
}

/** Outputs of a layer that are computed in float64, spread over all. */
const SAMPLES = 500;

/**
 * Runs an inference plan op by op and compares each convolution with its sum in float64 over the same inputs, so that
 * errors of one layer do not count for the next.
 */
export async function planAccuracy(plan: Plan, inputs: readonly Values[]): Promise<AccuracyRow[]> {
  const { engine, lowered } = plan;
  await plan.run(...inputs);
  plan.locate();
  const weights = packedWeights(plan);
  plan.graph.inputs.forEach((value, i) => engine.write(lowered.viewOf(value).pointer, inputs[i]!));
  const rows: AccuracyRow[] = [];
  for (const part of lowered.main) {
    const { node } = part;
    const conv = convOf(node);
    if (conv) {
      const weight = weightOf(plan, conv, weights);
      const before = readBefore(plan, conv);
      const end =
        1 + part.steps.findLastIndex(({ kernel }) => kernel.startsWith('conv2d.forward.'));
      const steps = part.steps.slice(0, end);
      engine.runSteps(steps.map((step) => ({ ...step, then: undefined })));
      rows.push(compare(plan, conv, steps.at(-1)!, weight, before));
      if (steps.some(({ then }) => then)) engine.runSteps(steps);
      engine.runSteps(part.steps.slice(end));
    } else engine.runSteps(part.steps);
  }
  return rows;
}

/** The convolution that a node computes, whatever follows it. */
function convOf(node: Node): ConvNode | undefined {
  const { op, inputs, attrs } = node;
  const own = op.first
    ? {
        ...node,
        op: op.first,
        inputs: inputs['first'] as Tree<Value>,
        attrs: (attrs as { readonly first: unknown }).first,
      }
    : node;
  return is(own, conv2dOfPacked) || is(own, conv2d) ? own : undefined;
}

interface Weight {
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** The weights that the prologue packs, by the packed value: it runs once more, as it need not keep them. */
function packedWeights({ engine, lowered }: Plan): Map<Value, Weight> {
  const weights = new Map<Value, Weight>();
  runPrologue(engine, lowered.prologue, ({ node }) => {
    if (!is(node, conv2dPack)) return;
    const read = (value: Value): Float32Array =>
      engine.read(lowered.viewOf(value).pointer, sizeOf(value.shape), 'f32');
    const { w, scale } = node.inputs;
    const values = lowered.viewOf(w).outputsFirst ? outputsLast(read(w), w.shape) : read(w);
    weights.set(node.outputs.packed, scaled({ shape: w.shape, values }, scale && read(scale)));
  });
  return weights;
}

/** The weights of a convolution as it computes with them. */
function weightOf(plan: Plan, { inputs }: ConvNode, packed: ReadonlyMap<Value, Weight>): Weight {
  if ('packed' in inputs) return packed.get(inputs.packed)!;
  const read = (value: Value): Float32Array => readAll(plan, plan.lowered.viewOf(value));
  const { w, scale } = inputs;
  return scaled({ shape: w.shape, values: read(w) }, scale && read(scale));
}

/** Weights times a factor for each output, rounded as packing rounds. */
function scaled({ shape, values }: Weight, scale: Float32Array | undefined): Weight {
  if (!scale) return { shape, values };
  return { shape, values: values.map((value, i) => value * scale[i % scale.length]!) };
}

/** PyTorch's `[outputs, inputs, taps]` as `[taps, inputs, outputs]`. */
function outputsLast(values: Float32Array, shape: Shape): Float32Array {
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const taps = sizeOf(shape) / (inputs * outputs);
  return values.map((_, i) => {
    const [output, rest] = [i % outputs, Math.floor(i / outputs)];
    return values[(output * inputs + (rest % inputs)) * taps + Math.floor(rest / inputs)]!;
  });
}

/** All rows of a tensor with what lies between them. */
function readAll({ engine }: Plan, { pointer, shape, stride }: View): Float32Array {
  const [pixels, channels] = [pixelsOf(shape), channelsOf(shape)];
  return engine.read(pointer, (pixels - 1) * stride + channels, 'f32');
}

type ConvNode =
  | NodeOf<Conv2dOfPackedInputs, Conv2dOutputs, Conv2dOfPackedAttrs>
  | NodeOf<Conv2dInputs, Conv2dOutputs, Conv2dAttrs>;

/** What a convolution reads, before it may write over it. */
interface Before {
  /** After batch norm and ReLU, where the convolution applies them. */
  readonly x: Float32Array | Float64Array;
  readonly bias: Float32Array | undefined;
  readonly residual: { readonly values: Float32Array; readonly stride: number } | undefined;
}

function readBefore(plan: Plan, { inputs: { x, bias, residual, norm } }: ConvNode): Before {
  const viewOf = (value: Value): View => plan.lowered.viewOf(value);
  const read = (value: Value): Float32Array => readAll(plan, viewOf(value));
  return {
    x: norm
      ? normalised(read(x), viewOf(x).stride, {
          mean: read(norm.mean),
          rstd: read(norm.rstd),
          gamma: read(norm.gamma),
          beta: read(norm.beta),
        })
      : read(x),
    bias: bias && read(bias),
    residual: residual && { values: read(residual), stride: viewOf(residual).stride },
  };
}

function compare(
  plan: Plan,
  { inputs, outputs, attrs, path }: ConvNode,
  { kernel, args }: Step,
  weight: Weight,
  { x, bias, residual }: Before,
): AccuracyRow {
  const { lowered } = plan;
  const most = Number(args['most'] ?? Infinity);
  const [xView, yView] = [lowered.viewOf(inputs.x), lowered.viewOf(outputs.y)];
  const [w, y] = [weight.values, readAll(plan, yView)];
  const [kernelHeight, kernelWidth, depth, outChannels] = weight.shape as [
    number,
    number,
    number,
    number,
  ];
  const [, height, width] = xView.shape as [number, number, number];
  const [, outHeight, outWidth] = yView.shape as [number, number, number];
  const exact = (pixel: number, o: number): number => {
    const [image, oy, ox] = [
      Math.floor(pixel / (outHeight * outWidth)),
      Math.floor(pixel / outWidth) % outHeight,
      pixel % outWidth,
    ];
    const firstChannel = Math.floor((o * attrs.groups) / outChannels) * depth;
    let sum = bias?.[o] ?? 0;
    if (residual) sum += residual.values[pixel * residual.stride + o]!;
    for (let kh = 0; kh < kernelHeight; kh++) {
      const row = oy * attrs.stride[0] + kh * attrs.dilation[0] - attrs.padding[0];
      for (let kw = 0; kw < kernelWidth; kw++) {
        const column = ox * attrs.stride[1] + kw * attrs.dilation[1] - attrs.padding[3];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const from = ((image * height + row) * width + column) * xView.stride + firstChannel;
        const tap = (kh * kernelWidth + kw) * depth;
        for (let c = 0; c < depth; c++) sum += x[from + c]! * w[(tap + c) * outChannels + o]!;
      }
    }
    return args['relu'] ? Math.min(Math.max(0, sum), most) : sum;
  };
  const size = sizeOf(yView.shape);
  const samples = Math.min(SAMPLES, size);
  let error = 0;
  for (let i = 0; i < samples; i++) {
    const index = Math.floor(((i + 0.5) * size) / samples);
    const [pixel, o] = [Math.floor(index / outChannels), index % outChannels];
    error = Math.max(error, Math.abs(y[pixel * yView.stride + o]! - exact(pixel, o)));
  }
  let largest = 0;
  for (let pixel = 0; pixel < pixelsOf(yView.shape); pixel++)
    for (let o = 0; o < outChannels; o++)
      largest = Math.max(largest, Math.abs(y[pixel * yView.stride + o]!));
  const products = kernelHeight * kernelWidth * depth;
  return {
    path,
    kernel,
    products,
    error: largest === 0 ? error : error / largest,
    bound: convErrorBound(products),
  };
}

/** What a convolution that applies batch norm and ReLU reads, in float64. */
function normalised(
  x: Float32Array,
  stride: number,
  { mean, rstd, gamma, beta }: Of<Norm, Float32Array>,
): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const c = i % stride;
    // Between the rows there are no channels.
    const shift = beta[c];
    const y = shift === undefined ? 0 : shift + (value - mean[c]!) * gamma[c]! * rstd[c]!;
    return Math.max(0, y);
  });
}

/** Errors as a table: those of every convolution against float64. */
export function formatAccuracy(rows: readonly AccuracyRow[]): string {
  const head = ['place', 'kernel', 'products', 'error', 'bound', 'of it'];
  const cells = rows.map(({ path, kernel, products, error, bound }) => [
    path,
    kernel.replace('conv2d.forward.f32/', ''),
    String(products),
    error.toExponential(1),
    bound.toExponential(1),
    `${((100 * error) / bound).toFixed(0)} %`,
  ]);
  const table = formatTable(head, cells, ['left', 'left', 'right', 'right', 'right', 'right']);
  return `error of every convolution against float64, by its largest output\n\n${table}`;
}
