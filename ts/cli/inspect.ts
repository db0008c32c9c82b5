import { Command, Option } from 'commander';
import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import { planRows } from '../compile/printPlan.ts';
import { currentEngine } from '../current.ts';
import { unknownName } from '../data/nearestName.ts';
import { summary } from '../inspect/summary.ts';
import { models } from '../models/registry.ts';
import type { Module } from '../nn/module.ts';
import { SGD } from '../optim/sgd.ts';
import type { Shape } from '../shape.ts';
import { Trainer } from '../train/trainer.ts';
import {
  imageShape,
  jsonOption,
  numericsOption,
  threadsOption,
  wholeNumber,
  type EngineFlags,
} from './options.ts';
import { printResult } from './say.ts';
import { startEngine } from './startEngine.ts';
import { stemFor } from './stemFor.ts';

interface InspectFlags extends EngineFlags {
  readonly model: string;
  readonly input: number[];
  readonly batch?: number;
  readonly classes: number;
  readonly train?: boolean;
  readonly json?: boolean;
}

/** `residua inspect`. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'Show a network: its modules, parameters and flops, and the plan that runs, step by step.',
    )
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
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(jsonOption())
    .action(inspect);
}

async function inspect(flags: InspectFlags): Promise<void> {
  const make = Object.hasOwn(models, flags.model) ? models[flags.model] : undefined;
  if (!make) throw new RangeError(unknownName('model', flags.model, Object.keys(models)));
  await startEngine(flags);
  const shape = [flags.batch ?? flags.input[0]!, ...flags.input.slice(1)];
  const model = make({
    numClasses: flags.classes,
    inChannels: shape[3]!,
    ...stemFor(shape[1]!),
    seed: 0,
  });
  const table = summary(model, shape);
  const plan = flags.train ? trainingPlan(model, shape) : inferencePlan(model, shape);
  const { build, threads, numerics } = currentEngine();
  const { rows: modules, ...totals } = table;
  const result = {
    model: flags.model,
    ...totals,
    modules,
    plan: {
      pass: flags.train ? 'training' : 'inference',
      build,
      threads,
      numerics,
      peakBytes: plan.peakBytes,
      stateBytes: plan.stateBytes,
      constantBytes: plan.constantBytes,
      steps: planRows(plan),
    },
  };
  printResult(Boolean(flags.json), result, () => {
    const title = `plan of ${flags.train ? 'a training step' : 'inference'}, ${build}, ${numerics} numerics`;
    return `${table}\n\n${title}\n\n${plan}`;
  });
  currentEngine().close();
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
