import { apply } from '../core/apply.ts';
import type { CompileOptions } from '../compile/compile.ts';
import { useEngine } from '../core/init.ts';
import { crossEntropy } from '../functions/crossEntropy.ts';
import type { Engine } from '../kernels/engine.ts';
import type { ModelOptions } from '../models/classifier.ts';
import type { Module } from '../nn/module.ts';
import { guardFinite } from '../ops/guardFinite.ts';
import { SGD } from '../optim/sgd.ts';
import { gradients } from '../core/gradients.ts';
import { compiledCase, type PlanCase } from './benchCase.ts';

/** A network and the images it is timed on. */
export interface ModelCase {
  readonly name: string;
  readonly create: (options: ModelOptions) => Module;
  /** Side of the square images. */
  readonly size: number;
  readonly batch: number;
  readonly inChannels: number;
}

/** Forward pass with folded batch norm and packed weights. */
export function inferenceCase(
  engine: Engine,
  { name, create, size, batch, inChannels }: ModelCase,
): PlanCase {
  useEngine(engine);
  const model = create({ inChannels, seed: 1 }).eval();
  const settings = { name: `${name} ${size}²`, pass: 'inference', facts: { model: name, batch } };
  const images = { shape: [batch, size, size, inChannels], dtype: 'f32' } as const;
  const made = compiledCase(engine, settings, (x) => model.forward(x), [images], {
    recording: false,
  });
  return withModel(made, model);
}

/** Forward, loss, backward and SGD with momentum; batch norm in training mode. */
export function trainingCase(
  engine: Engine,
  { name, create, size, batch, inChannels }: ModelCase,
  options: Pick<CompileOptions, 'memoryBudget'> = {},
): PlanCase {
  useEngine(engine);
  const model = create({ inChannels, seed: 1 }).train();
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const settings = { name: `${name} ${size}²`, pass: 'training', facts: { model: name, batch } };
  const step = compiledCase(
    engine,
    settings,
    (x, labels) => {
      const loss = crossEntropy(model.forward(x), labels);
      apply(guardFinite, { x: loss }, {});
      optimizer.step(gradients(loss, [...optimizer.parameters.values()]));
      return loss;
    },
    [
      { shape: [batch, size, size, inChannels], dtype: 'f32' },
      { shape: [batch], dtype: 'i32' },
    ],
    options,
  );
  return withModel(step, model, optimizer);
}

function withModel(item: PlanCase, ...owned: { dispose(): void }[]): PlanCase {
  const dispose = (): void => {
    item.dispose();
    for (const thing of owned) thing.dispose();
  };
  return { ...item, dispose };
}
