import { Command, Option } from 'commander';
import { runBench } from '../../inspect/benchCase.ts';
import type { BenchRow } from '../../inspect/benchRow.ts';
import { inferenceCase, trainingCase } from '../../inspect/modelCases.ts';
import type { ModelOptions } from '../../models/registry.ts';
import { comparePeers } from './comparePeers.ts';
import { UsageError } from '../terminal/fail.ts';
import { findModel } from '../../models/findModel.ts';
import { formatPairs, megabytes, percent, plural } from '../terminal/format.ts';
import {
  jsonOption,
  memoryBudgetOption,
  numericsOption,
  simdOption,
  threadsOption,
  wholeNumber,
  type EngineFlags,
} from '../options.ts';
import { profileCase } from './profileCase.ts';
import { printResult } from '../terminal/say.ts';
import { startEngine } from '../startEngine.ts';
import { stemFor } from '../../models/stemFor.ts';

interface BenchFlags extends EngineFlags {
  readonly model: string;
  readonly size: number;
  readonly channels?: number;
  readonly batch?: number;
  readonly rounds: number;
  readonly profile?: boolean;
  readonly out?: string;
  readonly vs?: string;
  readonly memoryBudget?: number;
  readonly json?: boolean;
}

/** `residua bench`. */
export function benchCommand(): Command {
  const number = (flags: string, text: string): Option =>
    new Option(flags, text).argParser(wholeNumber(1));
  return new Command('bench')
    .description('Time a network: a training step, or inference.')
    .addArgument(new Command().createArgument('<pass>', 'what to time').choices(['train', 'infer']))
    .option('--model <name>', 'network', 'resnet20')
    .addOption(number('--size <n>', 'side of the square images').default(28))
    .addOption(number('--channels <n>', 'channels of the images (default: 1 at size 28, else 3)'))
    .addOption(number('--batch <n>', 'images at a time (default: train 128, infer 1)'))
    .addOption(number('--rounds <n>', 'times it is measured; the median counts').default(7))
    .option('--profile', "the time of every step of the plan, beside the machine's limits")
    .option('--vs <peers>', 'other runtimes to measure beside, as pytorch,onnxruntime-web')
    .option('--out <dir>', 'where --profile writes profile.json and profile.html')
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(simdOption())
    .addOption(memoryBudgetOption())
    .addOption(jsonOption())
    .action(bench);
}

async function bench(pass: 'train' | 'infer', flags: BenchFlags): Promise<void> {
  const { memoryBudget } = flags;
  if (pass === 'infer' && memoryBudget !== undefined) {
    throw new UsageError(
      '--memory-budget: inference keeps nothing for gradients: use it with train',
    );
  }
  const { name, make } = findModel(flags.model);
  const { size, batch = pass === 'train' ? 128 : 1, channels = size === 28 ? 1 : 3 } = flags;
  if (flags.vs !== undefined) {
    const { vs } = flags;
    return comparePeers(pass, { ...flags, vs, model: name, batch, channels });
  }
  const engine = await startEngine(flags);
  const settings = {
    name,
    create: (options: ModelOptions) => make({ ...stemFor(size), ...options }),
    size,
    batch,
    inChannels: channels,
  };
  const item =
    pass === 'train'
      ? trainingCase(engine, settings, { memoryBudget })
      : inferenceCase(engine, settings);
  if (flags.profile) {
    await profileCase(item, flags);
    engine.close();
    return;
  }
  const rows = await runBench([item], { rounds: flags.rounds });
  engine.close();
  printResult(Boolean(flags.json), rows, () => describe(rows));
}

function describe(rows: readonly BenchRow[]): string {
  const [ceiling, row] = rows as [BenchRow, BenchRow];
  const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 3 : 1)} ms`;
  return formatPairs([
    ['case', `${row.name}, ${row.pass}, batch ${row.batch}`],
    [
      'runtime',
      `${row.runtime}, build ${row.build}, ${row.simd} bits, ${plural(row.threads, 'thread')}`,
    ],
    ['median', milliseconds(row.medianMs)],
    ['fastest', milliseconds(row.minMs)],
    ['images/s', ((1000 * row.batch!) / row.medianMs).toFixed(0)],
    ['GFLOP/s', row.gflops.toFixed(1)],
    [
      'of the ceiling',
      `${percent(row.ceilingShare, 0)} of ${ceiling.gflops.toFixed(1)} GFLOP/s, multiply-adds on registers`,
    ],
    ['peak memory', megabytes(row.peakBytes!)],
  ]);
}
