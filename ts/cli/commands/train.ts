import { Command, Option } from 'commander';
import process from 'node:process';
import {
  dataDirOption,
  jsonOption,
  memoryBudgetOption,
  numberIn,
  numericsOption,
  simdOption,
  threadsOption,
  wholeNumber,
} from '../options.ts';
import { OPTIMIZER_DEFAULTS, SCHEDULES } from '../training/trainSettings.ts';
import type { TrainFlags } from '../training/trainFlags.ts';

const { sgd, adamw } = OPTIMIZER_DEFAULTS;

/** `residua train`. */
export function trainCommand(): Command {
  const number = (flags: string, text: string, parse: (text: string) => number): Option =>
    new Option(flags, text).argParser(parse);
  return new Command('train')
    .description('Train a network and write a run directory: checkpoint, metrics, result, report.')
    .option('--model <name>', 'network', 'resnet20')
    .option('--data <name>', 'data set: mnist, fashion-mnist, cifar10, cifar100', 'mnist')
    .addOption(dataDirOption())
    .addOption(number('--epochs <n>', 'passes over the training images', wholeNumber(1)).default(1))
    .addOption(number('--batch <n>', 'images a step', wholeNumber(1)).default(128))
    .option('--drop-last', 'leave out a last batch that is smaller than the others')
    .addOption(
      number(
        '--accumulate <n>',
        'batches whose gradients make one step of the optimizer',
        wholeNumber(1),
      ).default(1),
    )
    .addOption(
      number(
        '--lr <x>',
        `highest learning rate (default: sgd ${sgd.lr}, adamw ${adamw.lr})`,
        numberIn(0),
      ),
    )
    .addOption(
      number('--seed <n>', 'of weights, order and augmentation', wholeNumber(0)).default(1),
    )
    .addOption(
      new Option('--optimizer <name>', 'update rule').choices(['sgd', 'adamw']).default('sgd'),
    )
    .addOption(number('--momentum <x>', "of sgd, Nesterov's", numberIn(0, 1)).default(0.9))
    .addOption(
      number(
        '--weight-decay <x>',
        `decay of weights (default: sgd ${sgd.weightDecay}, adamw ${adamw.weightDecay})`,
        numberIn(0),
      ),
    )
    .addOption(
      new Option('--schedule <name>', 'learning rate over the run')
        .choices(SCHEDULES)
        .default('one-cycle'),
    )
    .addOption(
      number(
        '--label-smoothing <x>',
        'share of the target for all classes',
        numberIn(0, 1),
      ).default(0),
    )
    .option('--augment', 'random crops, mirroring but for digits (default: all but mnist)')
    .option('--no-augment', 'images as they are')
    .addOption(number('--limit <n>', 'only the first n training images', wholeNumber(1)))
    .addOption(number('--test-limit <n>', 'only the first n test images', wholeNumber(1)))
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(simdOption())
    .addOption(memoryBudgetOption())
    .option('--out <dir>', 'run directory (default: runs/<model>-<data>-<time>)')
    .option('--resume <path>', 'go on with a run directory or checkpoint, with its settings')
    .addOption(jsonOption())
    .action(async (flags: TrainFlags, command: Command) => {
      const { train } = await import('../training/runTraining.ts');
      const given = Object.keys(flags).filter(
        (name) => command.getOptionValueSource(name) === 'cli',
      );
      process.exitCode = await train(flags, new Set(given));
    });
}
