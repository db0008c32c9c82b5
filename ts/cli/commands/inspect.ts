import { Command, Option } from 'commander';
import { compile } from '../../compile/compile.ts';
import type { Plan } from '../../compile/plan.ts';
import { planRows } from '../../compile/printPlan.ts';
import { currentEngine } from '../../core/init.ts';
import { formatAccuracy, planAccuracy } from '../../inspect/planAccuracy.ts';
import { summary } from '../../nn/summary.ts';
import type { Module } from '../../nn/module.ts';
import { SGD } from '../../optim/sgd.ts';
import { sizeOf, type Shape } from '../../base/shape.ts';
import { Trainer } from '../../train/trainer.ts';
import { findModel } from '../../models/findModel.ts';
import {
  imageShape,
  jsonOption,
  numericsOption,
  simdOption,
  threadsOption,
  wholeNumber,
  type EngineFlags,
} from '../options.ts';
import { loadRun } from '../loading/loadRun.ts';
import { printResult } from '../terminal/say.ts';
import { startEngine } from '../startEngine.ts';
import { stemFor } from '../../models/stemFor.ts';

interface InspectFlags extends EngineFlags {
  readonly model: string;
  readonly input: number[];
  readonly batch?: number;
  readonly classes: number;
  readonly train?: boolean;
  readonly accuracy?: boolean;
  readonly json?: boolean;
}

interface Inspected {
  readonly name: string;
  readonly model: Module;
  readonly shape: Shape;
}

/** `residua inspect`. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'Show a network: its modules, parameters and flops, and the plan that runs, step by step.',
    )
    .argument('[run]', 'run directory or checkpoint, to show a trained network')
    .option('--model <name>', 'network', 'resnet20')
    .addOption(
      new Option('--input <n,h,w,c>', 'shape of the images')
        .argParser(imageShape)
        .default([1, 28, 28, 1], '1,28,28,1'),
    )
    .addOption(
      new Option('--batch <n>', 'another first size of the input').argParser(wholeNumber(1)),
    )
    .addOption(new Option('--classes <n>', 'outputs').argParser(wholeNumber(1)).default(10))
    .option('--train', 'the plan of a training step (SGD), instead of inference')
    .option('--accuracy', 'the error of every convolution in inference, against float64')
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(simdOption())
    .addOption(jsonOption())
    .action(inspect);
}

async function inspect(run: string | undefined, flags: InspectFlags): Promise<void> {
  const { name, model, shape } = run === undefined ? await fresh(flags) : await trained(run, flags);
  const table = summary(model, shape);
  const plan = flags.train ? trainingPlan(model, shape) : inferencePlan(model, shape);
  const accuracy =
    flags.accuracy && !flags.train ? await planAccuracy(plan, [testImage(shape)]) : undefined;
  const { build, simd, threads, numerics } = currentEngine();
  const { rows: modules, ...totals } = table;
  const result = {
    model: name,
    ...totals,
    modules,
    plan: {
      pass: flags.train ? 'training' : 'inference',
      build,
      simd,
      threads,
      numerics,
      peakBytes: plan.peakBytes,
      stateBytes: plan.stateBytes,
      deferredBytes: plan.deferredBytes,
      constantBytes: plan.constantBytes,
      bytes: plan.lowered.bytes,
      steps: planRows(plan),
    },
    ...(accuracy && { accuracy }),
  };
  printResult(Boolean(flags.json), result, () => {
    const title = `plan of ${flags.train ? 'a training step' : 'inference'}, ${build}, ${simd} bits, ${numerics} numerics`;
    const errors = accuracy ? `\n\n${formatAccuracy(accuracy)}` : '';
    return `${table}\n\n${title}\n\n${plan}${errors}`;
  });
  currentEngine().close();
}

/** Numbers in [-1, 1], for the layers to have something to do. */
const testImage = (shape: Shape): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 2003) / 1001 - 1);

/** A network of its name, with random weights. */
async function fresh(flags: InspectFlags): Promise<Inspected> {
  const { name, make } = findModel(flags.model);
  await startEngine(flags);
  const [, height, , inChannels] = flags.input as [number, number, number, number];
  const model = make({ numClasses: flags.classes, inChannels, ...stemFor(height), seed: 0 });
  return { name, model, shape: [flags.batch ?? flags.input[0]!, ...flags.input.slice(1)] };
}

/** A network that was trained, on images like those of its training. */
async function trained(run: string, flags: InspectFlags): Promise<Inspected> {
  const { model, facts } = await loadRun(run, flags);
  const { height, width, channels } = facts.data;
  return { name: facts.model, model, shape: [flags.batch ?? 1, height, width, channels] };
}

function inferencePlan(model: Module, shape: Shape): Plan {
  model.eval();
  return compile((x) => model.forward(x), [{ shape, dtype: 'f32' }], { recording: false });
}

function trainingPlan(model: Module, shape: Shape): Plan {
  const optimizer = new SGD(model.parameters(), {
    momentum: 0.9,
    nesterov: true,
    weightDecay: 5e-4,
  });
  return new Trainer(model, { optimizer }).plan(shape);
}
