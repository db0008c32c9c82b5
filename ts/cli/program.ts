import { Command } from 'commander';

/** Commands in the order of the help, each with the code that it needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  train: async () => (await import('./commands/train.ts')).trainCommand(),
  eval: async () => (await import('./commands/evaluate.ts')).evaluateCommand(),
  predict: async () => (await import('./commands/predict.ts')).predictCommand(),
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand(),
  bench: async () => (await import('./commands/bench.ts')).benchCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  experiment: async () => (await import('./commands/experiment.ts')).experimentCommand(),
};

/**
 * The command line; errors are thrown as CommanderError after they have been said.
 *
 * @param first what the arguments begin with: where it names a command, that one alone is loaded
 */
export async function program(version: string, first = ''): Promise<Command> {
  const root = new Command('residua')
    .description('Residual networks on WASM SIMD kernels: train, evaluate, predict, look inside.')
    .version(version);
  const names = Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
  const commands = await Promise.all(names.map((name) => COMMANDS[name]!()));
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
