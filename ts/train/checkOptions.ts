import { Optimizer } from '../optim/optimizer.ts';
import { expectNumber, expectOptions, type OptionNames, shown } from '../base/settings.ts';
import type { TrainerOptions } from './trainerOptions.ts';

const OPTIONS: OptionNames<TrainerOptions> = {
  plans: 1,
  optimizer: 1,
  schedule: 1,
  labelSmoothing: 1,
  gradientNorms: 1,
  memoryBudget: 1,
  warn: 1,
};

/** Throws TypeError or RangeError for what a trainer cannot train with: before its first step. */
export function checkOptions(options: TrainerOptions): void {
  expectOptions('Trainer', options, OPTIONS);
  const { optimizer, schedule, labelSmoothing = 0, memoryBudget = 1 } = options;
  const expectKind = (name: string, value: unknown, isOne: boolean, kind: string): void => {
    if (!isOne) throw new TypeError(`Trainer: ${name} is ${shown(value)} but must be ${kind}`);
  };
  expectKind('optimizer', optimizer, optimizer instanceof Optimizer, 'an SGD or AdamW');
  const isSchedule = schedule === undefined || typeof schedule === 'function';
  expectKind('schedule', schedule, isSchedule, 'a function such as oneCycleSchedule gives');
  expectNumber('Trainer', 'labelSmoothing', labelSmoothing, { least: 0, most: 1 });
  expectNumber('Trainer', 'memoryBudget', memoryBudget, { least: 1 });
}
