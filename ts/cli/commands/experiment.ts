import { Command, InvalidArgumentError, Option } from 'commander';
import process from 'node:process';
import { BUDGETS } from '../../experiments/experiment.ts';
import {
  dataDirOption,
  jsonOption,
  numericsOption,
  simdOption,
  threadsOption,
  wholeNumber,
} from '../options.ts';

/** `residua experiment`. */
export function experimentCommand(): Command {
  return new Command('experiment')
    .description(
      'Train networks against each other and write what came out: report, result, figure.',
    )
    .argument('<name>', 'vanishing-gradient, degradation or vgg13-skip')
    .addOption(
      new Option('--budget <name>', 'small: a minute or two; real: what the README shows')
        .choices(BUDGETS)
        .default('small'),
    )
    .option('--out <dir>', 'directory (default: runs/<name>-<budget>-<time>)')
    .addOption(
      new Option('--seed <n>', "one seed, instead of the budget's").argParser(wholeNumber(0)),
    )
    .addOption(
      new Option('--seeds <list>', 'seeds, such as 1,2,3').argParser(seedList).conflicts('seed'),
    )
    .option('--data <name>', "data set, instead of the budget's: mnist, fashion-mnist")
    .addOption(dataDirOption())
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(simdOption())
    .addOption(jsonOption())
    .action(async (name: string, flags: import('./runExperiment.ts').ExperimentFlags) => {
      const { experiment } = await import('./runExperiment.ts');
      process.exitCode = await experiment(name, flags);
    });
}

function seedList(text: string): number[] {
  const seeds = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const valid = seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0);
  if (!valid || new Set(seeds).size < seeds.length) {
    throw new InvalidArgumentError('It must be different whole numbers, such as 1,2,3.');
  }
  return seeds;
}
