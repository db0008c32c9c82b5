import type { Engine, WrittenPlan } from '../../ts/kernels/engine.ts';
import type { Buffer, Step } from '../../ts/kernels/step.ts';
import {
  chooseConvAlgorithm,
  possibleConvAlgorithms,
  possibleWeightAlgorithms,
  takesDepthwise,
} from '../../ts/ops/conv2d/chooseAlgorithm.ts';
import { conv2d } from '../../ts/ops/conv2d/conv2d.ts';
import { conv2dBackwardInput } from '../../ts/ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from '../../ts/ops/conv2d/conv2dBackwardWeight.ts';
import { convShape, type Pair } from '../../ts/ops/conv2d/geometry.ts';
import type { AnyOp, View } from '../../ts/ops/op.ts';
import { mapTree, type Tree } from '../../ts/ops/places.ts';
import { bytesOf, channelsOf, type Shape, type Spec } from '../../ts/base/shape.ts';
import type { Geometry } from './geometries.ts';

/** What is computed: in `inference` weights are packed before, in the passes of training each time. */
export type Pass = 'inference' | 'forward' | 'backwardInput' | 'backwardWeight';

/** One way to compute a convolution. */
export interface Variant {
  readonly algorithm: string;
  /** Whether the library takes it. */
  readonly picked: boolean;
  run(): Promise<unknown>;
}

/** All variants of a convolution's pass, and how to free them. */
export interface Variants {
  readonly variants: readonly Variant[];
  readonly flops: number;
  dispose(): void;
}

/** Bytes of packed weights that inference goes through, as in a network whose weights no cache holds. */
const WEIGHT_BYTES = 64 * 1024 * 1024;
const MOST_COPIES = 32;

/** A pass of a convolution as an op. */
interface OnePass {
  readonly op: AnyOp;
  readonly inputs: Tree<Spec>;
  readonly outputs: Tree<Spec>;
  readonly attrs: object;
  readonly algorithms: readonly string[];
}

/** Prepares every variant of a pass that the library has. */
export function variantsOf(engine: Engine, { x, w, attrs }: Geometry, pass: Pass): Variants {
  const buffers: Required<Buffer>[] = [];
  const plans: WrittenPlan[] = [];
  const allocate = (bytes: number): Required<Buffer> => {
    const buffer = engine.allocate(bytes);
    buffers.push(buffer);
    return buffer;
  };
  const specOf = (shape: Shape): Spec => ({ shape, dtype: 'f32' });
  const view = (spec: Spec): View => {
    const pointer = { buffer: allocate(bytesOf(spec)), byteOffset: 0 };
    const numbers = Float32Array.from(
      { length: bytesOf(spec) / 4 },
      (_, i) => ((i * 31) % 17) / 16 - 0.5,
    );
    engine.write(pointer, numbers);
    return { ...spec, pointer, stride: channelsOf(spec.shape) };
  };
  const [kernelSize, inputSize] = [w.slice(0, 2), x.slice(1, 3)] as unknown as [Pair, Pair];
  const conv = convShape('conv2d', specOf(x), kernelSize, w[3]!, attrs);
  const y = specOf([conv.batch, ...conv.outputSize, conv.outChannels]);
  const { stride, padding, dilation, groups } = attrs;
  const geometry = { stride, padding, dilation, groups };

  const image = specOf(x);
  const weight = specOf(w);
  const forward: OnePass = {
    op: conv2d,
    inputs: { x: image, w: weight },
    outputs: { y },
    attrs,
    algorithms: possibleConvAlgorithms(conv),
  };
  const passes: Readonly<Record<Pass, OnePass>> = {
    inference: forward,
    forward,
    backwardInput: {
      op: conv2dBackwardInput,
      inputs: { dy: y, w: weight },
      outputs: { dx: image },
      attrs: { ...geometry, inputSize },
      algorithms: backwardAlgorithms(geometry, conv),
    },
    backwardWeight: {
      op: conv2dBackwardWeight,
      inputs: { x: image, dy: y },
      outputs: { dw: weight },
      attrs: { ...geometry, kernelSize },
      algorithms: possibleWeightAlgorithms(conv),
    },
  };
  const { op, inputs, outputs, attrs: opAttrs, algorithms } = passes[pass];
  const [from, to] = [mapTree(inputs, view), mapTree(outputs, view)];
  const lower = (algorithm?: string): Step[] => {
    const steps: Step[] = [];
    op.lower(
      {
        winograd: true,
        step: (step) => steps.push(step),
        workspace: (bytes) => ({ buffer: allocate(bytes), byteOffset: 0 }),
      },
      from,
      to,
      { ...opAttrs, ...(algorithm && { algorithm }) },
    );
    return steps;
  };
  const kernelsOf = (steps: readonly Step[]): string => steps.map(({ kernel }) => kernel).join();
  // A plan for inference names the kernel; in training the ops choose.
  const chosen = kernelsOf(
    lower(pass === 'inference' ? chooseConvAlgorithm(conv, true, true) : undefined),
  );

  const variants = algorithms.map((algorithm): Variant => {
    const first = lower(algorithm);
    const copies = [first];
    // Where weights are packed, that is the first of two steps.
    const packs = pass === 'inference' && first.length > 1;
    if (packs) {
      const packed = first[1]!.args.w as { buffer: Buffer };
      const wanted = Math.ceil(WEIGHT_BYTES / packed.buffer.bytes);
      while (copies.length < Math.min(MOST_COPIES, wanted)) copies.push(lower(algorithm));
      for (const steps of copies) engine.runSteps(steps.slice(0, 1));
    }
    const written = copies.map((steps) => engine.writePlan(packs ? steps.slice(1) : steps));
    plans.push(...written);
    let turn = 0;
    return {
      algorithm,
      picked: kernelsOf(first) === chosen,
      run: async () => engine.runPlan(written[turn++ % written.length]!),
    };
  });
  return {
    variants: variants.some(({ picked }) => picked) ? variants : [...variants, mixture()],
    flops: (2 * (bytesOf(y) / 4) * kernelSize[0] * kernelSize[1] * conv.inChannels) / groups,
    dispose: () => {
      for (const plan of plans) engine.freePlan(plan);
      for (const buffer of buffers) engine.free(buffer);
    },
  };

  /** What the library takes where it takes different kernels for the phases of a gradient. */
  function mixture(): Variant {
    const plan = engine.writePlan(lower());
    plans.push(plan);
    return { algorithm: 'by phase', picked: true, run: async () => engine.runPlan(plan) };
  }
}

/** A gradient by the input is a convolution at stride 1 of the output's gradient for each phase of the stride. */
function backwardAlgorithms(
  { stride }: Pick<Geometry['attrs'], 'stride'>,
  conv: ReturnType<typeof convShape>,
): readonly string[] {
  if (stride.some((step) => step > 1))
    return [...(takesDepthwise(conv) ? ['depthwise'] : []), 'implicit_gemm'];
  return possibleConvAlgorithms({
    ...conv,
    inChannels: conv.outChannels,
    outChannels: conv.inChannels,
  });
}
