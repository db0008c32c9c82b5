import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Stem } from '../../models/classifier.ts';

/** What says how a file of weights becomes a network's. */
export interface WeightFlags {
  readonly stem?: Stem;
  readonly prefix?: string;
  readonly rename?: Readonly<Record<string, string>>;
  readonly classes?: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** Adds the options for weights of other frameworks to a command. */
export function addWeightOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--stem <kind>', "beginning of the network (default: the network's own)").choices([
        'imagenet',
        'cifar',
      ]),
    )
    .option('--prefix <text>', 'beginning of the names that count (default: what all begin with)')
    .addOption(
      new Option(
        '--rename <from=to>',
        "a name of the network by the file's; may be given several times",
      ).argParser(renaming),
    )
    .option('--classes <file>', 'names of the classes, a line each (default: numbers)')
    .addOption(
      new Option('--mean <numbers>', 'mean of pixel / 255, one or one a channel').argParser(
        numbers,
      ),
    )
    .addOption(
      new Option('--std <numbers>', 'deviation of pixel / 255').argParser((text) =>
        numbers(text, undefined, 'above 0'),
      ),
    );
}

/** Parses `from=to`, given several times. */
function renaming(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new InvalidArgumentError('It must be two names with = between, such as head=fc.');
  }
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function numbers(text: string, _before?: unknown, rule: 'any' | 'above 0' = 'any'): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!values.every((value) => Number.isFinite(value) && (rule === 'any' || value > 0))) {
    const words = rule === 'any' ? 'numbers' : 'numbers above 0';
    throw new InvalidArgumentError(`It must be ${words} with commas between, such as 0.5,0.5,0.5.`);
  }
  return values;
}
