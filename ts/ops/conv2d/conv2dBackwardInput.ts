import { chooseConvAlgorithm } from './chooseAlgorithm.ts';
import { emitConv } from './forward.ts';
import { convShape, outputShape, phasesOf, weightSizes } from './geometry.ts';
import { lowerPanels, panelFloats } from './conv2dPack.ts';
import { expectShape } from '../expect.ts';
import type { Spec } from '../../base/shape.ts';
import type { ConvAlgorithm } from './chooseAlgorithm.ts';
import type { FusedNorm } from './forward.ts';
import type { ConvGeometry, ConvShape, Pair, Phase } from './geometry.ts';
import type { Lowering, Op, View } from '../op.ts';

/** A convolution's attributes, and the height and width of its input. */
export interface Conv2dBackwardInputAttrs extends ConvGeometry {
  readonly inputSize: Pair;
  /** Instead of the one chosen for the geometry. */
  readonly algorithm?: ConvAlgorithm;
  /** The last input is added to the gradient, of its shape. */
  readonly residual?: boolean;
}

/** The input's gradient `[N, H, W, C]` from dy `[N, OH, OW, O]`, w `[KH, KW, C/groups, O]` and what is added to it. */
export const conv2dBackwardInput: Op<Conv2dBackwardInputAttrs> = {
  name: 'conv2dBackwardInput',
  denseInputs: [1],
  infer(inputs, attrs) {
    const { batch, inputSize, inChannels } = shapeOf(inputs, attrs);
    const shape = [batch, ...inputSize, inChannels];
    if (attrs.residual) {
      expectShape('conv2dBackwardInput', 'residual', inputs[2]!, shape, 'the input has');
    }
    return [{ shape, dtype: 'f32' }];
  },
  lower(to, [dy, w, residual], [dx], attrs) {
    lowerBackwardInput(to, { dy: dy!, w: w!, residual, dx: dx! }, attrs);
  },
};

/** Emits the steps of the gradient, phase by phase; `norm` takes it where there is one phase, by Winograd's algorithm. */
export function lowerBackwardInput(
  to: Lowering,
  views: Views,
  attrs: Conv2dBackwardInputAttrs,
  norm?: FusedNorm,
): void {
  const conv = shapeOf([views.dy, views.w], attrs);
  const [rows, columns] = phasesOfInput(conv);
  for (const row of rows!) {
    for (const column of columns!) lowerPhase(to, conv, row, column, views, attrs.algorithm, norm);
  }
}

/** The phases of both axes. */
function phasesOfInput(conv: ConvShape): Phase[][] {
  return [0, 1].map((axis) =>
    phasesOf(
      conv.inputSize[axis]!,
      conv.kernelSize[axis]!,
      conv.stride[axis]!,
      conv.padding[axis === 0 ? 0 : 3],
      conv.dilation[axis]!,
    ),
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

/** Tensors of the pass. */
export interface Views {
  readonly dy: View;
  readonly w: View;
  readonly residual: View | undefined;
  readonly dx: View;
}

/** Each phase is a convolution of dy, with the taps that reach it in reverse order, written to its own input pixels. */
function lowerPhase(
  to: Lowering,
  conv: ConvShape,
  row: Phase,
  column: Phase,
  { dy, w, residual, dx }: Views,
  forced?: ConvAlgorithm,
  norm?: FusedNorm,
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
      ...{ packed, height, width, depth, columns, groups },
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
      ...{ conv: phase, algorithm, x: dy, packed, bias: null, relu: false, norm },
      residual: residual ? fromFirstPixel(residual) : null,
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
  const conv = shapeOf([dy, w], attrs);
  if (conv.stride.some((stride) => stride !== 1)) return undefined;
  const [row, column] = phasesOfInput(conv).map(([phase]) => phase!) as [Phase, Phase];
  return attrs.algorithm ?? chooseAlgorithm(phaseShape(conv, row, column), false, true);
}

/** A phase that reads no pixel outside the output, or none at all, needs no padded rows. */
function chooseAlgorithm(phase: ConvShape, empty: boolean, winograd: boolean): ConvAlgorithm {
  const inside = [0, 1].every(
    (axis) => phase.kernelSize[axis] === 1 && phase.outputSize[axis]! <= phase.inputSize[axis]!,
  );
  if (empty || (inside && phase.padding.every((p) => p === 0))) return 'pointwise';
  const algorithm = chooseConvAlgorithm(phase, winograd);
  return algorithm === 'pointwise' ? 'implicit_gemm' : algorithm;
}

function shifted(pointer: View['pointer'], floats: number): View['pointer'] {
  return { buffer: pointer.buffer, byteOffset: pointer.byteOffset + 4 * floats };
}

function shapeOf([dy, w]: readonly Spec[], attrs: Conv2dBackwardInputAttrs): ConvShape {
  const op = 'conv2dBackwardInput';
  const { kernelSize, depth, outChannels } = weightSizes(op, w!);
  const shape = [dy!.shape[0]!, ...attrs.inputSize, depth * attrs.groups];
  const conv = convShape(op, { shape, dtype: 'f32' }, kernelSize, outChannels, attrs);
  expectShape(op, 'output gradient', dy!, outputShape(conv), 'must be');
  return conv;
}
