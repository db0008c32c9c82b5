import { Command, Option } from 'commander';
import { currentEngine } from '../../core/init.ts';
import { loadDataset } from '../../data/node/datasets.ts';
import { runtimeName } from '../../inspect/runtimeName.ts';
import { SGD } from '../../optim/sgd.ts';
import { Trainer } from '../../train/trainer.ts';
import { showDownload } from '../terminal/downloadProgress.ts';
import { formatPairs, percent } from '../terminal/format.ts';
import { loadRun } from '../loading/loadRun.ts';
import {
  dataDirOption,
  jsonOption,
  numericsOption,
  simdOption,
  threadsOption,
  wholeNumber,
  type EngineFlags,
} from '../options.ts';
import { printResult } from '../terminal/say.ts';
import { TrainProgress } from '../training/trainProgress.ts';

interface EvaluateFlags extends EngineFlags {
  readonly data?: string;
  readonly dataDir?: string;
  readonly batch?: number;
  readonly testLimit?: number;
  readonly json?: boolean;
}

/** `residua eval`. */
export function evaluateCommand(): Command {
  return new Command('eval')
    .description('Measure loss and accuracy of a trained network on the test images.')
    .argument('[run]', 'run directory or checkpoint file (default: the newest in runs/)')
    .option('--data <name>', 'data set (default: that of the training)')
    .addOption(dataDirOption())
    .addOption(
      new Option('--batch <n>', 'images at a time (default: as in training)').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(
      new Option('--test-limit <n>', 'only the first n test images').argParser(wholeNumber(1)),
    )
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(simdOption())
    .addOption(jsonOption())
    .action(evaluate);
}

async function evaluate(run: string | undefined, flags: EvaluateFlags): Promise<void> {
  const { file, model, facts, settings } = await loadRun(run, flags);
  const data = flags.data ?? facts.data.name;
  const limit = flags.testLimit ?? settings?.testLimit;
  const test = await loadDataset(data, {
    split: 'test',
    directory: flags.dataDir,
    limit,
    onProgress: showDownload,
  });
  const trainer = new Trainer(model, { optimizer: new SGD(model.parameters()) });
  const progress = new TrainProgress(1);
  const started = performance.now();
  const { loss, accuracy, images } = await trainer.evaluate(test, {
    batchSize: flags.batch ?? settings?.batch ?? 128,
    onBatch: (done, all) => progress.evaluated(done, all),
  });
  progress.clear();
  const seconds = (performance.now() - started) / 1000;
  const { build, simd, threads } = currentEngine();
  currentEngine().close();
  const result = {
    checkpoint: file,
    model: facts.model,
    data,
    step: facts.step,
    testAccuracy: accuracy,
    testLoss: loss,
    testImages: images,
    imagesPerSecond: images / seconds,
    build,
    simd,
    threads,
    runtime: runtimeName(),
  };
  printResult(Boolean(flags.json), result, () =>
    formatPairs([
      ['checkpoint', `${file} (${facts.model}, step ${facts.step})`],
      ['test accuracy', `${percent(accuracy)} of ${images} images of ${data}`],
      ['test loss', loss.toFixed(4)],
      ['images/s', (images / seconds).toFixed(0)],
      ['WASM build', `${build}, ${simd} bits, ${threads} threads`],
    ]),
  );
}
