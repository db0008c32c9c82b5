import type { ImageDataset } from '../data/dataset.ts';
import { DataLoader, type Batch } from '../data/loader.ts';
import { NonFiniteError } from '../base/errors.ts';
import { CifarResNet } from '../models/cifarResnet.ts';
import type { Classifier } from '../models/classifier.ts';
import { ResidualBlock } from '../nn/blocks/residualBlock.ts';
import { makeOptimizer } from '../optim/makeOptimizer.ts';
import { oneCycleSchedule } from '../optim/schedule.ts';
import type { StepReport } from '../train/metrics.ts';
import { Trainer } from '../train/trainer.ts';
import type { Budget, Experiment, Variant } from './experiment.ts';
import { gradientsByDepth } from './gradientsByDepth.ts';
import { recipeOf } from './recipe.ts';
import type { EpochOfRun, GradientNorms, VariantRun } from './variantRun.ts';

/** What the networks of an experiment see. */
export interface ExperimentData {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

/** How a run is followed and stopped. */
export interface RunHooks {
  readonly signal?: AbortSignal;
  readonly onStep?: (report: StepReport) => void;
}

/**
 * Trains one network on one seed and measures it.
 *
 * @throws the signal's reason when that stops it
 */
export async function trainVariant(
  experiment: Experiment,
  variant: Variant,
  { budget, seed, train, test }: ExperimentData & { budget: Budget; seed: number },
  { signal, onStep }: RunHooks = {},
): Promise<VariantRun> {
  const started = performance.now();
  const { channels, classes } = train;
  const model = variant.make({
    stem: 'cifar',
    inChannels: channels,
    numClasses: classes.length,
    seed,
  });
  const recipe = recipeOf(experiment, variant);
  const optimizer = makeOptimizer(model.parameters(), recipe);
  const trainer = new Trainer(model, { optimizer, schedule: oneCycleSchedule(recipe.lr) });
  const measure = async (): Promise<GradientNorms | undefined> =>
    experiment.gradients && model instanceof CifarResNet
      ? gradientsByDepth(model, await firstBatch(train, budget.batch))
      : undefined;
  try {
    const before = await measure();
    const epochs: EpochOfRun[] = [];
    let diverged: string | undefined;
    try {
      if (!variant.untrained) {
        await trainer.fit(train, {
          epochs: budget.epochs,
          batchSize: budget.batch,
          seed,
          ...(signal && { signal }),
          ...(onStep && { onStep }),
          onEpoch: ({ loss, accuracy }) => void epochs.push({ loss, error: 1 - accuracy }),
        });
      }
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      diverged = error.message;
    }
    signal?.throwIfAborted();
    const after = variant.untrained ? undefined : await measure();
    const tested = test && (await trainer.evaluate(test, { ...(signal && { signal }) }));
    const gates = gatesOf(model);
    const dropped = test && variant.drop && (await testWithout(variant.drop, trainer, test));
    return {
      variant: variant.name,
      seed,
      steps: trainer.step,
      epochs,
      ...(diverged !== undefined && { diverged }),
      ...(before && { gradients: { before, ...(after && { after }) } }),
      ...(tested && { test: tested }),
      ...(dropped && { dropped }),
      ...(Object.keys(gates).length > 0 && { gates }),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    trainer.dispose();
    optimizer.dispose();
    model.dispose();
  }
}

async function firstBatch(data: ImageDataset, batchSize: number): Promise<Batch> {
  for await (const batch of new DataLoader(data, { batchSize })) return batch;
  throw new RangeError(`${data.name}: has no images`);
}

/** A trainer of its own, as the other keeps plans of the whole network. */
async function testWithout(
  drop: NonNullable<Variant['drop']>,
  { model, optimizer }: Trainer,
  test: ImageDataset,
): Promise<VariantRun['dropped']> {
  drop(model as Classifier);
  const trainer = new Trainer(model, { optimizer });
  try {
    return await trainer.evaluate(test);
  } finally {
    trainer.dispose();
  }
}

function gatesOf(model: Classifier): NonNullable<VariantRun['gates']> {
  const blocks = [...model.modules()].flatMap(([path, module]) =>
    module instanceof ResidualBlock ? [[path, module.gates()] as const] : [],
  );
  return Object.fromEntries(blocks.filter(([, gates]) => Object.keys(gates).length > 0));
}
