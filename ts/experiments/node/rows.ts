import type { Recipe } from '../experiment.ts';
import type { ExperimentResult } from '../result.ts';
import type { VariantRun } from '../variantRun.ts';

/** Columns of the table of runs, empty ones left out. */
const COLUMNS: Readonly<Record<string, (run: VariantRun) => string | undefined>> = {
  network: ({ variant }) => variant,
  seed: ({ seed }) => String(seed),
  steps: ({ steps, diverged }) => `${steps}${diverged === undefined ? '' : ', then not finite'}`,
  'training error': ({ epochs }) => (epochs.length > 0 ? percent(epochs.at(-1)!.error) : undefined),
  'test error': ({ test }) => test && percent(1 - test.accuracy),
  'test error, dropped': ({ dropped }) => dropped && percent(1 - dropped.accuracy),
  gates: ({ gates }) => gates && gateWords(Object.values(gates)),
  'gradient, first : last block': ({ gradients }) => {
    if (!gradients) return undefined;
    const { before, after } = gradients;
    return [before, after].flatMap((norms) => (norms ? [ratio(norms.blocks)] : [])).join(' → ');
  },
  seconds: ({ seconds }) => seconds.toFixed(1),
};

/** What every network gave, for a table. */
export function runRows(runs: readonly VariantRun[]): { head: string[]; rows: string[][] } {
  const head = Object.keys(COLUMNS).filter((name) => runs.some((run) => COLUMNS[name]!(run)));
  return { head, rows: runs.map((run) => head.map((name) => COLUMNS[name]!(run) ?? '')) };
}

/** What the networks were trained with, for a table. */
export function settingRows(result: ExperimentResult): [string, string][] {
  const { settings, budget, build, simd = 128, threads, numerics, runtime, seconds } = result;
  const { imageSide, testImages } = settings;
  const recipes = new Map<string, string[]>();
  for (const [name, recipe] of Object.entries(settings.recipes)) {
    const words = recipeWords(recipe);
    recipes.set(words, [...(recipes.get(words) ?? []), name]);
  }
  return [
    ['budget', budget],
    ['data', `${settings.data}, the first ${settings.images} training images`],
    ...(testImages > 0
      ? [['test', `the first ${testImages} test images`] as [string, string]]
      : []),
    ...(imageSide
      ? [['images', `padded with zeros to ${imageSide} × ${imageSide}`] as [string, string]]
      : []),
    ['epochs', `${settings.epochs} of batch ${settings.batch}`],
    ...[...recipes].map(([words, names], index): [string, string] => [
      index === 0 ? 'training' : '',
      recipes.size === 1 ? words : `${words}: ${names.join('; ')}`,
    ]),
    ['seeds', settings.seeds.join(', ')],
    ['WASM build', `${build}, ${simd} bits, ${threads} threads, ${numerics} numerics, ${runtime}`],
    ['time', `${seconds.toFixed(0)} s`],
  ];
}

function recipeWords({ optimizer, lr, momentum, weightDecay }: Recipe): string {
  const of = momentum ? ` with Nesterov momentum ${momentum}` : '';
  return `${optimizer}${of}, one cycle up to ${lr}, weight decay ${weightDecay}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)}\u00a0%`;

function ratio(blocks: readonly number[]): string {
  const value = blocks[0]! / blocks.at(-1)!;
  return value < 100 ? value.toPrecision(3) : value.toFixed(0);
}

/** `skip × 1.008, transform × 0.9972`, or where they lie when there are several blocks. */
function gateWords(gates: NonNullable<VariantRun['gates']>[string][]): string {
  const branches = (['skip', 'transform'] as const).flatMap((branch) => {
    const values = gates.flatMap((gate) => gate[branch] ?? []);
    if (values.length === 0) return [];
    const ends = new Set(
      [Math.min(...values), Math.max(...values)].map((end) => end.toPrecision(3)),
    );
    return [`${branch}\u00a0×\u00a0${[...ends].join('…')}`];
  });
  return branches.join(', ');
}
