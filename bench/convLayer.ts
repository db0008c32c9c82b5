import type { Pair } from '../ts/ops/conv2d/geometry.ts';
import { parameter } from '../ts/core/create.ts';
import { useEngine } from '../ts/core/init.ts';
import { apply } from '../ts/core/apply.ts';
import { compiledCase, type BenchCase } from '../ts/inspect/benchCase.ts';
import type { Engine } from '../ts/kernels/engine.ts';
import { conv2d } from '../ts/ops/conv2d/conv2d.ts';
import { conv2dBackwardInput } from '../ts/ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from '../ts/ops/conv2d/conv2dBackwardWeight.ts';

/** A convolution of a real network: square images and kernels, padding that keeps the size at stride 1. */
export interface ConvLayer {
  readonly name: string;
  readonly size: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  /** Whether each channel is convolved by itself. */
  readonly depthwise?: boolean;
}

/** Forward, by the algorithm of the library and by explicit im2col, input gradient and weight gradient of a layer as cases. */
export function convCases(
  engine: Engine,
  model: string,
  layer: ConvLayer,
  batch: number,
): BenchCase[] {
  useEngine(engine);
  const { size, inChannels, outChannels, kernelSize, stride } = layer;
  const groups = layer.depthwise ? inChannels : 1;
  const pad = (kernelSize - 1) / 2;
  const outSize = Math.floor((size + 2 * pad - kernelSize) / stride) + 1;
  const geometry = {
    stride: [stride, stride] as Pair,
    padding: [pad, pad, pad, pad] as const,
    dilation: [1, 1] as Pair,
    groups,
  };
  const x = { shape: [batch, size, size, inChannels], dtype: 'f32' } as const;
  const dy = { shape: [batch, outSize, outSize, outChannels], dtype: 'f32' } as const;
  const weight = parameter([kernelSize, kernelSize, inChannels / groups, outChannels]);
  weight.write(
    Float32Array.from({ length: weight.data().length }, (_, i) => ((i * 31) % 17) / 16 - 0.5),
  );
  const facts = {
    model,
    batch,
    m: batch * outSize * outSize,
    n: outChannels,
    k: (kernelSize * kernelSize * inChannels) / groups,
  };
  const name = `${model}.${layer.name}`;
  return [
    compiledCase(
      engine,
      { name, pass: 'forward', facts },
      (a) => apply(conv2d, { x: a, w: weight }, { ...geometry, relu: false }).y,
      [x],
    ),
    compiledCase(
      engine,
      { name, pass: 'forward by im2col', facts },
      (a) =>
        apply(conv2d, { x: a, w: weight }, { ...geometry, relu: false, algorithm: 'im2col' }).y,
      [x],
    ),
    compiledCase(
      engine,
      { name, pass: 'backwardInput', facts },
      (a) =>
        apply(conv2dBackwardInput, { dy: a, w: weight }, { ...geometry, inputSize: [size, size] })
          .dx,
      [dy],
    ),
    compiledCase(
      engine,
      { name, pass: 'backwardWeight', facts },
      (a, b) =>
        apply(
          conv2dBackwardWeight,
          { x: a, dy: b },
          { ...geometry, kernelSize: [kernelSize, kernelSize] },
        ).dw,
      [x, dy],
    ),
  ];
}
