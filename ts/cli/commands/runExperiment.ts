import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { experiments } from '../../experiments/studies/index.ts';
import type { ImageDataset } from '../../data/dataset.ts';
import { unknownName } from '../../base/nearestName.ts';
import { loadDataset } from '../../data/node/datasets.ts';
import type { BudgetName, Experiment } from '../../experiments/experiment.ts';
import { renderExperiment } from '../../experiments/node/report.ts';
import type { ExperimentResult } from '../../experiments/result.ts';
import { runExperiment } from '../../experiments/runExperiment.ts';
import { fileError } from '../../io/node/fileError.ts';
import { removeLeftOvers } from '../../io/node/leftOvers.ts';
import { writeAtomic } from '../../io/node/writeAtomic.ts';
import { RunLock } from '../../train/node/runLock.ts';
import { runName } from '../../train/node/runName.ts';
import { showDownload } from '../terminal/downloadProgress.ts';
import { ExperimentProgress } from '../terminal/experimentProgress.ts';
import { RUNS } from '../loading/findCheckpoint.ts';
import { plural } from '../terminal/format.ts';
import { Interrupt } from '../terminal/interrupt.ts';
import type { EngineFlags } from '../options.ts';
import { printResult, say } from '../terminal/say.ts';
import { startEngine } from '../startEngine.ts';

/** Options of `residua experiment` as commander gives them. */
export interface ExperimentFlags extends EngineFlags {
  readonly budget: BudgetName;
  readonly out?: string;
  readonly seed?: number;
  readonly seeds?: readonly number[];
  readonly data?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

const FILES = { result: 'result.json', report: 'report.html', figure: 'figure.svg' } as const;

/** Runs an experiment as the command line says; returns the exit code. */
export async function experiment(name: string, flags: ExperimentFlags): Promise<number> {
  const chosen = findExperiment(name);
  const directory = flags.out ?? join(RUNS, runName(chosen.name, flags.budget));
  refuseOldResult(directory);
  const { data, images, testImages } = chosen.budgets[flags.budget];
  const load = (split: 'train' | 'test', limit: number): Promise<ImageDataset> =>
    loadDataset(flags.data ?? data, {
      split,
      limit,
      directory: flags.dataDir,
      onProgress: showDownload,
    });
  const train = await load('train', images);
  const test = testImages > 0 ? await load('test', testImages) : undefined;
  await makeDirectory(directory);
  const lock = await RunLock.acquire(directory);
  try {
    refuseOldResult(directory);
    await removeLeftOvers(directory, Object.values(FILES));
    return await runAndWrite(chosen, flags, directory, train, test);
  } finally {
    await lock.release();
  }
}

async function runAndWrite(
  chosen: Experiment,
  flags: ExperimentFlags,
  directory: string,
  train: ImageDataset,
  test: ImageDataset | undefined,
): Promise<number> {
  const engine = await startEngine(flags);
  const seeds = flags.seeds ?? (flags.seed === undefined ? undefined : [flags.seed]);
  const progress = new ExperimentProgress(chosen.budgets[flags.budget].epochs);
  const interrupt = new Interrupt('stopping; nothing is written', () => progress.clear());
  say(`${chosen.name} at the budget "${flags.budget}", ${plural(engine.threads, 'thread')}`);
  let result: ExperimentResult;
  try {
    result = await runExperiment(chosen, {
      budget: flags.budget,
      train,
      ...(test && { test }),
      ...(seeds && { seeds }),
      signal: interrupt.signal,
      onRun: (_variant, _seed, number, runs) => progress.begin(number, runs),
      onStep: (report) => progress.step(report),
      onRunDone: (run) => progress.end(run),
    });
  } catch (error) {
    progress.clear();
    if (interrupt.aborted) return Interrupt.exitCode;
    throw error;
  } finally {
    engine.close();
  }
  await writeAtomic(join(directory, FILES.figure), chosen.figure(result.runs));
  await writeAtomic(join(directory, FILES.report), renderExperiment(chosen, result));
  await writeAtomic(join(directory, FILES.result), resultText(result));
  printResult(Boolean(flags.json), { directory, ...result }, () => closing(result, directory));
  return 0;
}

function findExperiment(name: string): Experiment {
  const found = Object.hasOwn(experiments, name) ? experiments[name] : undefined;
  if (!found) throw new RangeError(unknownName('experiment', name, Object.keys(experiments)));
  return found;
}

function refuseOldResult(directory: string): void {
  const old = Object.values(FILES).find((file) => existsSync(join(directory, file)));
  if (old !== undefined) {
    throw new Error(
      `${directory}: holds the result of an experiment already (${old}): choose another directory`,
    );
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(path, 'create', error);
  }
}

/** JSON with lists of numbers on a line each. */
function resultText(result: ExperimentResult): string {
  const text = JSON.stringify(result, null, 1);
  return `${text.replace(/\[[-\d.,e+\s]+\]/g, (list) => list.replace(/\s+/g, ''))}\n`;
}

function closing({ findings, says }: ExperimentResult, directory: string): string {
  const lines = findings.map(
    ({ seed, shown, says }) => `seed ${seed}: ${shown ? 'shown' : 'not shown'}. ${says}`,
  );
  return [
    '',
    ...lines.map((line) => wrapped(line)),
    wrapped(says),
    join(directory, FILES.report),
  ].join('\n');
}

const COLUMNS = 80;

/** A text in lines that fit a terminal. */
function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > COLUMNS) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}
