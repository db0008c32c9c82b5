import { compile } from '../compile/compile.ts';
import type { SafetensorsTensor } from '../io/safetensors.ts';
import { valuesToStored, weightSlots } from '../io/weights/slot.ts';
import type { Classifier } from '../models/classifier.ts';
import { BatchNorm2d } from '../nn/batchNorm2d.ts';
import { Dropout } from '../nn/dropout.ts';
import type { Module } from '../nn/module.ts';
import type { Shape, Spec } from '../base/shape.ts';
import { gradients } from '../core/gradients.ts';
import { inMode } from '../nn/inMode.ts';

/** How {@link runNetwork} runs. */
export interface RunNetworkOptions {
  /** Class of each image, `[N]`: asks for the loss and its gradients. */
  readonly target?: Int32Array;
  /** Batch norm by the batch's statistics instead of the running ones; dropout is off all the same. False by default. */
  readonly training?: boolean;
  /** Running statistics in training, too, which then do not move; false by default. */
  readonly freezeBatchNorm?: boolean;
}

/** What a network says of a batch. */
export interface NetworkRun {
  /** `[N, numClasses]`. */
  readonly logits: Float32Array;
  readonly logitsShape: Shape;
  /** Mean cross-entropy, with auxiliary heads where training has them. */
  readonly loss?: number;
  /** By name in the state dict, in torchvision's layout. */
  readonly gradients?: ReadonlyMap<string, SafetensorsTensor>;
  /**
   * Bytes of activations, gradients and workspaces; of weights and statistics; of those the ones that take no memory, as
   * they are read where they come from; of weights that were packed.
   */
  readonly peakBytes: number;
  readonly stateBytes: number;
  readonly deferredBytes: number;
  readonly constantBytes: number;
}

/**
 * Runs a network once on images `[N, H, W, C]`, forward or forward and back. Afterwards it is as it was before, running
 * statistics too.
 *
 * @throws {ShapeError} for images that do not fit the network
 * @throws {RangeError} for a label that is none of its classes
 */
export async function runNetwork(
  model: Classifier,
  images: Float32Array,
  shape: Shape,
  options: RunNetworkOptions = {},
): Promise<NetworkRun> {
  const { target, training = false, freezeBatchNorm = false } = options;
  const slots = [...weightSlots(model)].filter(([, { tensor }]) => tensor.requiresGrad);
  const weights = slots.map(([, { tensor }]) => tensor);
  const input: Spec = { shape, dtype: 'f32' };
  using plan = inMode(model, training, () =>
    withSettings(model, freezeBatchNorm, () => {
      if (!target) return compile((x) => model.forward(x), [input], { recording: false });
      return compile(
        (x, labels) => {
          const { logits, loss } = model.loss(x, labels);
          return [logits, loss, ...gradients(loss, weights)];
        },
        [input, { shape: [shape[0]!], dtype: 'i32' }],
      );
    }),
  );
  const { peakBytes, stateBytes, deferredBytes, constantBytes } = plan;
  const logitsShape = plan.graph.outputs[0]!.shape;
  const classes = logitsShape.at(-1)!;
  const beyond = target?.findIndex((label) => label < 0 || label >= classes) ?? -1;
  if (beyond >= 0) {
    throw new RangeError(
      `run: label ${beyond} is ${target![beyond]} but the network tells ${classes} classes apart (0 to ${classes - 1})`,
    );
  }
  const statistics = training ? [...model.buffers().values()] : [];
  const before = statistics.map((buffer) => buffer.data());
  const [logits, loss, ...found] = await plan.run(images, ...(target ? [target] : []));
  statistics.forEach((buffer, index) => buffer.write(before[index]!));
  const run = {
    logits: logits as Float32Array,
    logitsShape,
    peakBytes,
    stateBytes,
    deferredBytes,
    constantBytes,
  };
  if (!target) return run;
  const stored = slots.map(
    ([name, slot], index) => [name, valuesToStored(slot, found[index] as Float32Array)] as const,
  );
  return { ...run, loss: loss![0]!, gradients: new Map(stored) };
}

/** Runs `fn` with dropout off, and with batch norms frozen if they are to be, and puts the settings back. */
function withSettings<T>(model: Module, freeze: boolean, fn: () => T): T {
  const before: (() => void)[] = [];
  for (const [, module] of model.modules()) {
    if (module instanceof Dropout) {
      const { p } = module;
      module.p = 0;
      before.push(() => (module.p = p));
    } else if (module instanceof BatchNorm2d && freeze) {
      const { frozen } = module;
      module.frozen = true;
      before.push(() => (module.frozen = frozen));
    }
  }
  try {
    return fn();
  } finally {
    before.forEach((putBack) => putBack());
  }
}
