import { chooseConvAlgorithm, takesDepthwise } from './chooseAlgorithm.ts';
import { depthwiseKernels } from './depthwiseKernels.ts';
import { emitConv } from './forward.ts';
import { AXES, convShape, outputShape, paddingBefore, phasesOf, weightSizes } from './geometry.ts';
import { lowerPanels, panelFloats } from './conv2dPack.ts';
import { expectShape } from '../expect.ts';
import { sizeOf, type Spec } from '../../base/shape.ts';
import type { ConvAlgorithm } from './chooseAlgorithm.ts';
import type { NormSums } from './forward.ts';
import type { Axis, ConvGeometry, ConvShape, Pair, Phase } from './geometry.ts';
import type { Lowering, Op, View } from '../op.ts';
import type { Of, One } from '../places.ts';

/** Places of the inputs of {@link conv2dBackwardInput}. */
export interface Conv2dBackwardInputInputs {
  dy: One;
  w: One;
  /** Added to dx, of its shape. */
  residual?: One;
}

/** Places of the outputs of {@link conv2dBackwardInput}. */
export interface Conv2dBackwardInputOutputs {
  dx: One;
}

/** A convolution's attributes, and the height and width of its input. */
export interface Conv2dBackwardInputAttrs extends ConvGeometry {
  readonly inputSize: Pair;
  /** Instead of the one chosen for the geometry. */
  readonly algorithm?: ConvAlgorithm;
}

/**
 * The gradient dx of a convolution's input, and residual added to it: both `[N, H, W, C]`, from dy `[N, OH, OW, O]` and
 * w `[KH, KW, C/groups, O]`.
 */
export const conv2dBackwardInput: Op<
  Conv2dBackwardInputInputs,
  Conv2dBackwardInputOutputs,
  Conv2dBackwardInputAttrs
> = {
  name: 'conv2dBackwardInput',
  denseInputs: ['w'],
  fuses: { residual: true },
  infer({ dy, w, residual }, attrs) {
    const { batch, inputSize, inChannels } = backwardInputShape(dy, w, attrs);
    const shape = [batch, ...inputSize, inChannels];
    if (residual) expectShape('conv2dBackwardInput', 'residual', residual, shape, 'the input has');
    return { dx: { shape, dtype: 'f32' } };
  },
  lower(to, inputs, { dx }, attrs) {
    lowerBackwardInput(to, { ...inputs, dx }, attrs);
  },
  flops: backwardInputFlops,
};

/** Floating-point operations of the gradient; multiply and add count as two. */
export function backwardInputFlops({ dy, w }: { readonly dy: Spec; readonly w: Spec }): number {
  return 2 * sizeOf(dy.shape) * sizeOf(w.shape.slice(0, 3));
}

/** Emits the steps of the gradient, phase by phase but for depthwise kernels; `sums` takes it where there is one phase, by Winograd's algorithm. */
export function lowerBackwardInput(
  to: Lowering,
  views: Views,
  attrs: Conv2dBackwardInputAttrs,
  sums?: NormSums,
): void {
  const conv = backwardInputShape(views.dy, views.w, attrs);
  const depthwise = attrs.algorithm ? attrs.algorithm === 'depthwise' : takesDepthwise(conv);
  if (depthwise) {
    depthwiseKernels().emitDepthwiseInput(to, conv, views);
    return;
  }
  for (const row of phasesOfAxis(conv, 0)) {
    for (const column of phasesOfAxis(conv, 1))
      lowerPhase(to, conv, row, column, views, attrs.algorithm, sums);
  }
}

function phasesOfAxis(conv: ConvShape, axis: Axis): Phase[] {
  return phasesOf(
    conv.inputSize[axis],
    conv.kernelSize[axis],
    conv.stride[axis],
    paddingBefore(conv.padding, axis),
    conv.dilation[axis],
  );
}

/** The convolution of dy that gives a phase of the gradient. */
function phaseShape(conv: ConvShape, row: Phase, column: Phase): ConvShape {
  const empty = row.taps === 0 || column.taps === 0;
  return {
    batch: conv.batch,
    inputSize: conv.outputSize,
    inChannels: conv.outChannels,
    kernelSize: empty ? [0, 0] : [row.taps, column.taps],
    outputSize: [row.size, column.size],
    outChannels: conv.inChannels,
    stride: [1, 1],
    padding: [row.padding, 0, 0, column.padding],
    dilation: [row.dilation, column.dilation],
    groups: conv.groups,
  };
}

/** Tensors of the pass; a transposed convolution has a bias. */
type Views = Of<Conv2dBackwardInputInputs & Conv2dBackwardInputOutputs & { bias?: One }, View>;

/** Each phase is a convolution of dy, with the taps that reach it in reverse order, written to its own input pixels. */
function lowerPhase(
  to: Lowering,
  conv: ConvShape,
  row: Phase,
  column: Phase,
  { dy, w, bias, residual, dx }: Views,
  forced?: ConvAlgorithm,
  sums?: NormSums,
): void {
  const { groups, inChannels, outChannels } = conv;
  const [depth, columns] = [outChannels / groups, inChannels / groups];
  const tapColumn = columns * outChannels;
  const tapRow = conv.kernelSize[1] * tapColumn;
  const empty = row.taps === 0 || column.taps === 0;
  const phase = phaseShape(conv, row, column);
  const [height, width] = phase.kernelSize;
  const winograd = to.winograd && conv.stride.every((s) => s === 1);
  const algorithm = (!empty && forced) || chooseAlgorithm(phase, empty, winograd);
  const floats = panelFloats(algorithm, height * width, depth, columns, groups);
  const packed = to.workspace(Math.max(4, 4 * floats));
  if (!empty) {
    const lastRow = row.firstTap + (row.taps - 1) * row.tapStep;
    const lastColumn = column.firstTap + (column.taps - 1) * column.tapStep;
    lowerPanels(to, algorithm, {
      w: shifted(w.pointer, lastRow * tapRow + lastColumn * tapColumn),
      packed,
      height,
      width,
      depth,
      columns,
      groups,
      tapRow: -row.tapStep * tapRow,
      tapColumn: -column.tapStep * tapColumn,
      depthStride: 1,
      columnStride: outChannels,
      groupStride: depth,
    });
  }
  const [inputHeight, inputWidth] = conv.inputSize;
  const fromFirstPixel = ({ pointer, stride }: View) => ({
    pointer: shifted(pointer, (row.offset * inputWidth + column.offset) * stride),
    stride,
  });
  emitConv(
    to,
    'backward_input',
    {
      conv: phase,
      algorithm,
      x: dy,
      packed,
      relu: false,
      sums,
      bias,
      residual: residual && fromFirstPixel(residual),
      y: fromFirstPixel(dx),
    },
    {
      yColumn: conv.stride[1],
      yRow: conv.stride[0] * inputWidth,
      yImage: inputHeight * inputWidth,
    },
  );
}

/** The algorithm of the gradient in fast numerics, if one step computes it. */
export function inputGradientAlgorithm(
  dy: Spec,
  w: Spec,
  attrs: Conv2dBackwardInputAttrs,
): ConvAlgorithm | undefined {
  const conv = backwardInputShape(dy, w, attrs);
  if (conv.stride.some((stride) => stride !== 1)) return undefined;
  const [[row], [column]] = [phasesOfAxis(conv, 0), phasesOfAxis(conv, 1)];
  if (!row || !column) return undefined;
  return attrs.algorithm ?? chooseAlgorithm(phaseShape(conv, row, column), false, true);
}

/** A phase that reads no pixel outside the output, or none at all, needs no padded rows. */
function chooseAlgorithm(phase: ConvShape, empty: boolean, winograd: boolean): ConvAlgorithm {
  const inside = AXES.every(
    (axis) => phase.kernelSize[axis] === 1 && phase.outputSize[axis] <= phase.inputSize[axis],
  );
  if (empty || (inside && phase.padding.every((p) => p === 0))) return 'pointwise';
  const algorithm = chooseConvAlgorithm(phase, winograd);
  return algorithm === 'pointwise' ? 'implicit_gemm' : algorithm;
}

function shifted(pointer: View['pointer'], floats: number): View['pointer'] {
  return { buffer: pointer.buffer, byteOffset: pointer.byteOffset + 4 * floats };
}

/** Every number of the convolution whose input gets a gradient; throws ShapeError. */
export function backwardInputShape(dy: Spec, w: Spec, attrs: Conv2dBackwardInputAttrs): ConvShape {
  const op = 'conv2dBackwardInput';
  const { kernelSize, depth, outChannels } = weightSizes(op, w);
  const [batch, channels] = [dy.shape[0] ?? 0, depth * attrs.groups];
  const x: Spec = { shape: [batch, ...attrs.inputSize, channels], dtype: 'f32' };
  const conv = convShape(op, x, kernelSize, outChannels, attrs);
  expectShape(op, 'output gradient', dy, outputShape(conv), 'must be');
  return conv;
}
