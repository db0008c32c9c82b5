import { Command } from 'commander';
import { currentEngine } from '../current.ts';
import { fitImage } from '../data/fitImage.ts';
import { normalise } from '../data/normalise.ts';
import { readImage } from '../io/node/image.ts';
import { Predictor } from '../train/predictor.ts';
import { percent } from './format.ts';
import { loadRun } from './loadRun.ts';
import {
  jsonOption,
  numericsOption,
  runOption,
  threadsOption,
  type EngineFlags,
} from './options.ts';
import { printResult } from './say.ts';

const TOP = 3;
const BAR = 30;

interface PredictFlags extends EngineFlags {
  readonly run?: string;
  readonly json?: boolean;
}

interface Prediction {
  readonly image: string;
  readonly changes: readonly string[];
  /** True when it shows nothing, so that it is of no class. */
  readonly blank?: true;
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

/** `residua predict`. */
export function predictCommand(): Command {
  return new Command('predict')
    .description('Say what PNG pictures show: the three likeliest classes.')
    .argument('<image...>', 'PNG files, of any size')
    .addOption(runOption())
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(jsonOption())
    .action(predict);
}

async function predict(paths: readonly string[], flags: PredictFlags): Promise<void> {
  const images = [];
  for (const path of paths) images.push(await readImage(path));
  const { model, facts } = await loadRun(flags.run, flags);
  const { height, width, channels, classes } = facts.data;
  const predictor = new Predictor(model);
  const predictions: Prediction[] = [];
  for (const [index, image] of images.entries()) {
    const { pixels, changes, blank } = fitImage(image, facts.data);
    if (blank) {
      predictions.push({ image: paths[index]!, changes, blank, classes: [] });
      continue;
    }
    const shape = [1, height, width, channels];
    const probabilities = await predictor.probabilities(normalise(pixels, facts.data), shape);
    const ranked = [...probabilities]
      .map((probability, index) => ({ name: classes[index]!, probability }))
      .sort((a, b) => b.probability - a.probability);
    predictions.push({ image: paths[index]!, changes, classes: ranked.slice(0, TOP) });
  }
  currentEngine().close();
  printResult(Boolean(flags.json), predictions, () => predictions.map(describe).join('\n\n'));
}

function describe({ image, changes, blank, classes }: Prediction): string {
  if (blank)
    return `${image}: shows nothing: all of it is one ground, so there is no class to tell`;
  const width = Math.max(...classes.map(({ name }) => name.length));
  const lines = classes.map(({ name, probability }) => {
    const bar = '█'.repeat(Math.round(BAR * probability));
    return `  ${name.padEnd(width)}  ${percent(probability, 1).padStart(7)}  ${bar}`.trimEnd();
  });
  const note = changes.length > 0 ? ` (${changes.join('; ')})` : '';
  return [image + note, ...lines].join('\n');
}
