import { Command } from 'commander';
import { currentEngine } from '../../core/init.ts';
import { fitImage } from '../../data/fitImage.ts';
import { normalise } from '../../data/normalise.ts';
import { readImage } from '../../io/node/image.ts';
import type { Width } from '../../kernels/chooseWidth.ts';
import { Predictor } from '../../train/predictor.ts';
import { percent } from '../terminal/format.ts';
import { loadPlain, type PlainFlags } from '../loading/loadPlain.ts';
import { loadRun } from '../loading/loadRun.ts';
import { jsonOption, numericsOption, runOption, simdOption, threadsOption } from '../options.ts';
import { printResult } from '../terminal/say.ts';
import { addWeightOptions } from '../loading/weightFlags.ts';

const TOP = 3;
const BAR = 30;

interface PredictFlags extends PlainFlags {
  readonly run?: string;
  readonly json?: boolean;
}

interface Prediction {
  readonly image: string;
  /** Bits of the vectors that it was computed with. */
  readonly simd: Width;
  readonly changes: readonly string[];
  /** True when it shows nothing, so that it is of no class. */
  readonly blank?: true;
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

/** `residua predict`. */
export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Say what PNG pictures show: the three likeliest classes.')
    .argument('<image...>', 'PNG files, of any size')
    .addOption(runOption())
    .option('--model <name>', 'network of plain weights, instead of a run')
    .option('--weights <file>', 'safetensors file of these, or index of several');
  return addWeightOptions(command)
    .addOption(threadsOption())
    .addOption(numericsOption())
    .addOption(simdOption())
    .addOption(jsonOption())
    .action(predict);
}

async function predict(paths: readonly string[], flags: PredictFlags): Promise<void> {
  const images = [];
  for (const path of paths) images.push(await readImage(path));
  const isPlain = flags.model !== undefined || flags.weights !== undefined;
  if (isPlain && flags.run !== undefined) {
    throw new RangeError('predict: --run and --weights are there but one network is asked');
  }
  const { model, facts } = isPlain ? await loadPlain(flags) : await loadRun(flags.run, flags);
  const { height, width, channels, classes } = facts.data;
  const predictor = new Predictor(model);
  const engine = currentEngine();
  const predictions: Prediction[] = [];
  for (const [index, image] of images.entries()) {
    const { pixels, changes, blank } = fitImage(image, facts.data);
    if (blank) {
      predictions.push({ image: paths[index]!, simd: engine.simd, changes, blank, classes: [] });
      continue;
    }
    const shape = [1, height, width, channels];
    const probabilities = await predictor.probabilities(normalise(pixels, facts.data), shape);
    const ranked = [...probabilities]
      .map((probability, index) => ({ name: classes[index]!, probability }))
      .sort((a, b) => b.probability - a.probability);
    predictions.push({
      image: paths[index]!,
      simd: engine.simd,
      changes,
      classes: ranked.slice(0, TOP),
    });
  }
  engine.close();
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
