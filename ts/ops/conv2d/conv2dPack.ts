import { expectShape } from '../expect.ts';
import { depthwiseKernels } from './depthwiseKernels.ts';
import { BLOCK_CHANNELS } from './units.ts';
import { weightSizes, weightSizesOf } from './geometry.ts';
import { GAP, packsPositions, positionsOf } from './winogradTile.ts';
import type { Pointer } from '../../kernels/step.ts';
import { sizeOf, type Shape } from '../../base/shape.ts';
import type { ConvAlgorithm } from './chooseAlgorithm.ts';
import type { Lowering, Op, View } from '../op.ts';
import type { One } from '../places.ts';

export interface Conv2dPackAttrs {
  readonly groups: number;
  readonly algorithm: ConvAlgorithm;
}

/** Weights `[KH, KW, C/groups, O]`, times a scale `[O]`, → the blob that kernels of one algorithm read. */
export const conv2dPack: Op<{ w: One; scale?: One }, { packed: One }, Conv2dPackAttrs> = {
  name: 'conv2dPack',
  denseInputs: ['w'],
  outputsFirst: ['w'],
  gappedOutputs: ['packed'],
  infer({ w, scale }, attrs) {
    const { outChannels } = weightSizes('conv2dPack', w);
    if (scale) expectShape('conv2dPack', 'scale', scale, [outChannels], 'must be');
    return { packed: { shape: [packedSize(w.shape, attrs)], dtype: 'f32' } };
  },
  lower(to, { w, scale }, { packed }, attrs) {
    lowerPack(to, w, scale, attrs, packed.pointer);
  },
};

/** Whether an algorithm reads packed weights: depthwise kernels take them as they are. */
export function packs(algorithm: ConvAlgorithm): boolean {
  return algorithm !== 'depthwise';
}

/** Floats of a packed weight. */
export function packedSize(weight: Shape, { groups, algorithm }: Conv2dPackAttrs): number {
  if (!packs(algorithm)) return sizeOf(weight);
  const { kernelSize, depth, outChannels } = weightSizesOf(weight);
  const taps = kernelSize[0] * kernelSize[1];
  return panelFloats(algorithm, taps, depth, outChannels / groups, groups);
}

/** Emits the steps that pack weights for the forward pass; those of depthwise kernels are multiplied by their scale, which they must have. */
export function lowerPack(
  to: Lowering,
  w: View,
  scale: View | undefined,
  { groups, algorithm }: Conv2dPackAttrs,
  packed: Pointer,
): void {
  const { kernelSize, depth, outChannels } = weightSizesOf(w.shape);
  const [height, width] = kernelSize;
  const columns = outChannels / groups;
  if (!packs(algorithm)) {
    depthwiseKernels().scaleDepthwise(to, w, scale!, packed);
    return;
  }
  const taps = height * width;
  const [tap, depthStride, columnStride] = w.outputsFirst
    ? [1, taps, depth * taps]
    : [depth * outChannels, outChannels, 1];
  lowerPanels(to, algorithm, {
    w: w.pointer,
    scale: scale?.pointer ?? null,
    packed,
    height,
    width,
    depth,
    columns,
    groups,
    tapRow: width * tap,
    tapColumn: tap,
    depthStride,
    columnStride,
    groupStride: columns * columnStride,
  });
}

/** A matrix of weights as strides: row `(tap, depth)`, column; each of `groups` becomes panels of eight columns. */
export interface Panels {
  readonly w: Pointer;
  /** A factor for each column of each group. */
  readonly scale?: Pointer | null;
  readonly packed: Pointer;
  readonly height: number;
  readonly width: number;
  readonly depth: number;
  readonly columns: number;
  readonly groups: number;
  readonly tapRow: number;
  readonly tapColumn: number;
  readonly depthStride: number;
  readonly columnStride: number;
  readonly groupStride: number;
}

/** Emits the step that writes the panels an algorithm reads. */
export function lowerPanels(to: Lowering, algorithm: ConvAlgorithm, panels: Panels): void {
  const { height, width, depth, columns, groups } = panels;
  const floats = panelFloats(algorithm, height * width, depth, columns, groups);
  to.step({
    kernel: packsPositions(algorithm) ? `conv2d.pack.f32/${algorithm}` : 'gemm.pack.f32/panels',
    chunks: Math.max(1, Math.min(16, Math.ceil(floats / 16384))),
    args: { scale: null, ...panels },
  });
}

/** Floats of `groups` matrices of taps·depth rows after packing. */
export function panelFloats(
  algorithm: ConvAlgorithm,
  taps: number,
  depth: number,
  columns: number,
  groups: number,
): number {
  const panels = depth * BLOCK_CHANNELS * Math.ceil(columns / BLOCK_CHANNELS);
  return packsPositions(algorithm)
    ? positionsOf(algorithm) * (panels + GAP)
    : groups * taps * panels;
}
