import { expect } from 'vitest';
import {
  fromTorchLayout,
  toTorchLayout,
  torchShape,
  type WeightKind,
} from '../../ts/io/torchLayout.ts';
import type { Batch } from '../../ts/data/loader.ts';
import type { Module } from '../../ts/nn/module.ts';
import type { Shape } from '../../ts/base/shape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { digestErrors, parseDigests } from '../golden/digest.ts';
import { goldenBatch } from '../golden/generator.ts';
import { nchwToNhwc } from '../golden/layout.ts';
import { goldenStateDict, type GoldenNorm } from '../golden/parameters.ts';
import type { GoldenArray } from '../golden/readGolden.ts';

const kindOf = ({ shape }: { shape: Shape }): WeightKind =>
  shape.length > 2 ? 'conv' : shape.length === 2 ? 'linear' : 'vector';

/** The weights and statistics of a model by name, without counters. */
export function floatState(model: Module): Map<string, Tensor> {
  return new Map([...model.stateDict()].filter(([, { dtype }]) => dtype === 'f32'));
}

/** Gives a model the generated weights that the golden files were made with. */
export function loadGolden(model: Module, norm: GoldenNorm): void {
  const tensors = floatState(model);
  const shapes = Object.fromEntries(
    [...tensors].map(([name, tensor]) => [name, torchShape(kindOf(tensor), tensor.shape)]),
  );
  const values = goldenStateDict(shapes, norm);
  for (const [name, tensor] of tensors) {
    const torch = { shape: shapes[name]!, data: values[name]! };
    tensor.write(fromTorchLayout(kindOf(tensor), torch).data);
  }
}

/** Values of a weight, or of its gradient, in torch's order. */
export function inTorchOrder(shape: Shape, values: Float32Array | Int32Array): Float32Array {
  return toTorchLayout(kindOf({ shape }), { shape, data: Float32Array.from(values) }).data;
}

/** The generated batch with this name in our layout; `shape` is torch's, `[N, C, H, W]`. */
export function goldenImages(name: string, shape: readonly number[]): Batch {
  const [n, channels, height, width] = shape as [number, number, number, number];
  const { images, labels } = goldenBatch(name, [n, channels, height, width], 10);
  return {
    images: Float32Array.from(nchwToNhwc(images, shape)),
    labels,
    shape: [n, height, width, channels],
    indices: Uint32Array.from(labels.keys()),
    index: 0,
    last: true,
  };
}

/** ‖actual − truth‖ / ‖truth‖, as the golden files state errors. */
export function relativeError(actual: ArrayLike<number>, truth: ArrayLike<number>): number {
  expect(actual.length).toBe(truth.length);
  let [error, norm] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    error += (actual[i]! - truth[i]!) ** 2;
    norm += truth[i]! ** 2;
  }
  return Math.sqrt(norm > 0 ? error / norm : error);
}

/** Rounding of one f32 result: none is asked to be better. */
export const ROUNDING = 2 ** -24;

/** How far tensors are from the truth of a golden file, beside torch's own f32. */
export interface GroupErrors {
  /** Relative norm of the error of all tensors taken as one vector. */
  readonly total: number;
  /** The tensor that is worst beside torch's f32, and how many times its error it has. */
  readonly worst: { readonly name: string; readonly ratio: number };
}

/** Compares tensors, in torch's order, with their digests. */
export function groupErrors(
  tensors: ReadonlyMap<string, ArrayLike<number>>,
  digests: GoldenArray,
): GroupErrors {
  const truths = parseDigests([...tensors.keys()], digests.values);
  const largest = Math.max(...[...truths.values()].map(({ norm }) => norm));
  let [errors, norms] = [0, 0];
  let worst = { name: '', ratio: 0 };
  for (const [name, values] of tensors) {
    const truth = truths.get(name)!;
    const { error } = digestErrors(name, values, truth);
    errors += error ** 2;
    norms += truth.norm ** 2;
    // Gradients that are zero but for rounding have no relative error.
    const floor = truth.norm < 1e-6 * largest ? 1e-6 * largest : ROUNDING * truth.norm;
    const ratio = error / Math.max(truth.f32Error, floor);
    if (ratio > worst.ratio) worst = { name, ratio };
  }
  return { total: Math.sqrt(errors / norms), worst };
}
