import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import { BLOCK_CHANNELS } from './conv2dUnits.ts';
import { expectFloats } from './conv2dGeometry.ts';
import type { Pointer } from '../kernels/step.ts';
import type { Shape } from '../shape.ts';
import type { ConvAlgorithm } from './chooseConvAlgorithm.ts';
import type { Lowering, Op } from './op.ts';

export interface Conv2dPackAttrs {
  readonly groups: number;
  readonly algorithm: ConvAlgorithm;
}

/** Weights `[KH, KW, C/groups, O]` → the blob that kernels of one algorithm read; a function of the weights alone. */
export const conv2dPack: Op<Conv2dPackAttrs> = {
  name: 'conv2dPack',
  infer([w], { groups }) {
    expectFloats('conv2dPack', [w!]);
    if (w!.shape.length !== 4) {
      throw new ShapeError(
        `conv2dPack: weight ${formatShape(w!.shape)} has ${w!.shape.length} axes but [KH, KW, C/groups, O] has 4`,
      );
    }
    return [{ shape: [packedSize(w!.shape, groups)], dtype: 'f32' }];
  },
  lower(to, [w], [packed], { groups }) {
    lowerPack(to, w!.pointer, w!.shape, groups, packed!.pointer);
  },
};

/** Floats of a packed weight. */
export function packedSize(weight: Shape, groups: number): number {
  const [height, width, inChannels, outChannels] = weight as [number, number, number, number];
  return groups * blocked(outChannels / groups) * height * width * inChannels;
}

/** Emits the step that packs weights for the forward pass. */
export function lowerPack(
  to: Lowering,
  w: Pointer,
  weight: Shape,
  groups: number,
  packed: Pointer,
): void {
  const [height, width, depth, outChannels] = weight as [number, number, number, number];
  const columns = outChannels / groups;
  lowerPanels(to, {
    ...{ w, packed, height, width, depth, columns, groups },
    tapRow: width * depth * outChannels,
    tapColumn: depth * outChannels,
    depthStride: outChannels,
    columnStride: 1,
    groupStride: columns,
  });
}

/** A matrix of weights as strides: row `(tap, depth)`, column; each of `groups` becomes panels of eight columns. */
export interface Panels {
  readonly w: Pointer;
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

/** Emits the step that copies a matrix into panels. */
export function lowerPanels(to: Lowering, panels: Panels): void {
  const floats = panelFloats(
    panels.height * panels.width * panels.depth,
    panels.columns,
    panels.groups,
  );
  to.step({
    kernel: 'gemm.pack.f32/panels',
    chunks: Math.max(1, Math.min(16, Math.ceil(floats / 16384))),
    args: { ...panels },
  });
}

/** Floats of `groups` matrices with `rows` rows after packing. */
export function panelFloats(rows: number, columns: number, groups: number): number {
  return groups * rows * blocked(columns);
}

function blocked(columns: number): number {
  return BLOCK_CHANNELS * Math.ceil(columns / BLOCK_CHANNELS);
}
