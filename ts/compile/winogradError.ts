import type { Engine } from '../kernels/engine.ts';
import type { Pointer, Step } from '../kernels/step.ts';
import type { WinogradAlgorithm } from '../ops/conv2d/chooseAlgorithm.ts';
import { conv2d } from '../ops/conv2d/conv2d.ts';
import { weightSizes } from '../ops/conv2d/geometry.ts';
import type { View } from '../ops/op.ts';
import { winogradStride } from '../ops/conv2d/winogradTile.ts';
import { channelsOf, pixelsOf, sizeOf, type Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';

/** Output pixels that are computed, on a side. */
const SIDE = 4;
/** Output channels that are looked at, spread over all. */
const COLUMNS = 4;

/**
 * The error of a Winograd algorithm with these weights `[3, 3, C, O]`, relative to the largest output: 4×4 pixels of four output
 * channels, computed by the kernel, against the sum in float64. Its inputs are random in [½, 3⁄2]: like activations they
 * have a mean in common, so that channels whose weights cancel each other show.
 */
export function winogradError(
  engine: Engine,
  weight: Tensor,
  algorithm: WinogradAlgorithm = 'winograd_4x4',
): number {
  const { depth, outChannels } = weightSizes('conv2d', weight);
  const columns = Math.min(COLUMNS, outChannels);
  const chosen = Array.from({ length: columns }, (_, column) =>
    Math.floor((column * outChannels) / columns),
  );
  const values = weight.deferred ? weight.columns(chosen) : undefined;
  const held: Pointer[] = [];
  const memory = (bytes: number): Pointer => {
    const pointer = { buffer: engine.allocate(bytes), byteOffset: 0 };
    held.push(pointer);
    return pointer;
  };
  const view = (shape: Shape): View => ({
    shape,
    dtype: 'f32',
    stride: channelsOf(shape),
    pointer: memory(4 * sizeOf(shape)),
  });
  const step = winogradStride(algorithm);
  const inputSide = (SIDE - 1) * step + 3;
  const image = view([1, inputSide, inputSide, depth]);
  const kernels = view([3, 3, depth, columns]);
  const output = view([1, SIDE, SIDE, columns]);
  const x = randomInputs(inputSide * inputSide * depth);
  const steps = values ? [] : gather(weight.view, kernels, chosen);
  conv2d.lower(
    { winograd: true, step: (step) => steps.push(step), workspace: memory },
    { x: image, w: kernels },
    { y: output },
    {
      stride: [step, step],
      padding: [0, 0, 0, 0],
      dilation: [1, 1],
      groups: 1,
      relu: false,
      algorithm,
    },
  );
  engine.write(image.pointer, x);
  if (values) engine.write(kernels.pointer, values);
  engine.runSteps(steps);
  const y = engine.read(output.pointer, SIDE * SIDE * columns, 'f32');
  const w = engine.read(kernels.pointer, 9 * depth * columns, 'f32');
  for (const { buffer } of held) engine.free(buffer);
  return relativeError(y, x, w, depth, columns, step);
}

/** Copies some output channels of w. */
function gather(w: View, to: View, chosen: readonly number[]): Step[] {
  const [outChannels, columns] = [channelsOf(w.shape), channelsOf(to.shape)];
  const shifted = ({ buffer }: Pointer, floats: number): Pointer => ({
    buffer,
    byteOffset: 4 * floats,
  });
  return chosen.map((channel, column) => ({
    kernel: 'copy.forward.f32/simd',
    chunks: 1,
    args: {
      x: shifted(w.pointer, channel),
      y: shifted(to.pointer, column),
      xStride: outChannels,
      yStride: columns,
      pixels: pixelsOf(w.shape),
      channels: 1,
    },
  }));
}

/** Compares the diagonal of the tile, which has every row and column of the transform once; all of it is as large as y. */
function relativeError(
  y: Float32Array,
  x: Float32Array,
  w: Float32Array,
  depth: number,
  columns: number,
  step: number,
): number {
  const inputSide = (SIDE - 1) * step + 3;
  let error = 0;
  const sums = new Float64Array(columns);
  for (let pixel = 0; pixel < SIDE; pixel++) {
    sums.fill(0);
    for (let tap = 0; tap < 9; tap++) {
      const row = step * pixel + Math.floor(tap / 3);
      const from = (row * inputSide + step * pixel + (tap % 3)) * depth;
      for (let c = 0; c < depth; c++) {
        const value = x[from + c]!;
        const first = (tap * depth + c) * columns;
        for (let k = 0; k < columns; k++) sums[k]! += value * w[first + k]!;
      }
    }
    const at = pixel * (SIDE + 1) * columns;
    for (let k = 0; k < columns; k++) error = Math.max(error, Math.abs(y[at + k]! - sums[k]!));
  }
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? error : error / largest;
}

let inputs = new Float32Array(0);

/** Always the same numbers, so that a compiler decides the same way every time. */
function randomInputs(count: number): Float32Array {
  if (inputs.length < count) {
    let state = 1;
    inputs = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      inputs[i] = 0.5 + state / 2 ** 32;
    }
  }
  return inputs.subarray(0, count);
}
