import { Command } from 'commander';
import { benchCommand } from './bench.ts';
import { evaluateCommand } from './evaluate.ts';
import { experimentCommand } from './experiment.ts';
import { inspectCommand } from './inspect.ts';
import { predictCommand } from './predict.ts';
import { runCommand } from './run.ts';
import { trainCommand } from './train.ts';

/** The command line; errors are thrown as CommanderError after they have been said. */
export function program(version: string): Command {
  const root = new Command('residua')
    .description('Residual networks on WASM SIMD kernels: train, evaluate, predict, look inside.')
    .version(version);
  const commands = [
    trainCommand(),
    evaluateCommand(),
    predictCommand(),
    inspectCommand(),
    benchCommand(),
    runCommand(),
    experimentCommand(),
  ];
  for (const command of [root, ...commands]) {
    command
      .exitOverride()
      .showHelpAfterError(false)
      .showSuggestionAfterError(true)
      .configureOutput({
        outputError: (text, write) =>
          write(text.replace(/^error: /, 'residua: ').replaceAll(/\n(?=.)/g, ' ')),
      });
  }
  commands.forEach((command) => root.addCommand(command));
  return root;
}
