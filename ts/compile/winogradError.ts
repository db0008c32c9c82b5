import type { Engine } from '../kernels/engine.ts';
import type { Buffer, Pointer, Step } from '../kernels/step.ts';
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
  const chosen = Array.from({ length: COLUMNS }, (_, column) =>
    Math.floor((column * outChannels) / COLUMNS),
  );
  const values = weight.deferred ? weight.columns(chosen) : undefined;
  const held: Required<Buffer>[] = [];
  const memory = (bytes: number): Pointer => {
    const buffer = engine.allocate(bytes);
    held.push(buffer);
    return { buffer, byteOffset: 0 };
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
  const kernels = view([3, 3, depth, COLUMNS]);
  const output = view([1, SIDE, SIDE, COLUMNS]);
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
  const y = engine.read(output.pointer, SIDE * SIDE * COLUMNS, 'f32');
  const w = engine.read(kernels.pointer, 9 * depth * COLUMNS, 'f32');
  for (const buffer of held) engine.free(buffer);
  return relativeError(y, x, w, depth, step);
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

/**
 * Compares the diagonal of the tile, which has every row and column of the transform once; all of it is as large as y. The sums of
 * the four columns are variables, as this runs before any compiler has seen it.
 */
function relativeError(
  y: Float32Array,
  x: Float32Array,
  w: Float32Array,
  depth: number,
  step: number,
): number {
  const inputSide = (SIDE - 1) * step + 3;
  let error = 0;
  for (let pixel = 0; pixel < SIDE; pixel++) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let tap = 0, at = 0; tap < 9; tap++) {
      const row = step * pixel + Math.floor(tap / 3);
      const from = (row * inputSide + step * pixel + (tap % 3)) * depth;
      for (let channel = from; channel < from + depth; channel++) {
        const value = x[channel]!;
        a += value * w[at++]!;
        b += value * w[at++]!;
        c += value * w[at++]!;
        d += value * w[at++]!;
      }
    }
    const first = pixel * (SIDE + 1) * COLUMNS;
    [a, b, c, d].forEach((sum, k) => (error = Math.max(error, Math.abs(y[first + k]! - sum))));
  }
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? error : error / largest;
}

let inputs = new Float32Array(0);
let state = 1;

/** Always the same numbers, so that a compiler decides the same way every time. */
function randomInputs(count: number): Float32Array {
  const known = inputs.length;
  if (known < count) {
    const more = new Float32Array(count);
    more.set(inputs);
    for (let i = known; i < count; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      more[i] = 0.5 + state / 2 ** 32;
    }
    inputs = more;
  }
  return inputs.subarray(0, count);
}
