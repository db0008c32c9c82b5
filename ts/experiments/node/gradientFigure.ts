import * as Plot from '@observablehq/plot';
import type { VariantRun } from '../variantRun.ts';
import { colorOf, netKeys } from './colors.ts';
import { frame, type FigureKey, type Panel } from './frame.ts';

interface Point {
  readonly line: string;
  readonly variant: string;
  readonly depth: number;
  readonly norm: number;
}

/** What the figure shows beside each other. */
export interface GradientFigure {
  readonly title: string;
  /** Variants of each column, by its title. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Variants whose lines are dashed, with their words in the legend. */
  readonly dashed?: Readonly<Record<string, string>>;
}

/**
 * Gradient norms by what each block gives, as multiples of the last block's: before training above, after it below; a
 * line for each seed.
 */
export function gradientFigure(
  runs: readonly VariantRun[],
  { title, columns, dashed = {} }: GradientFigure,
): string {
  const moments = [
    ['at initialisation', 'before'],
    [`after ${Math.max(...runs.map(({ steps }) => steps))} steps`, 'after'],
  ] as const;
  const panels = moments.map(([when, moment]) =>
    Object.entries(columns).map(([column, variants]) => {
      const own = runs.filter(({ variant }) => variants.includes(variant));
      return [`${column}, ${when}`, own.flatMap((run) => pointsOf(run, moment))] as const;
    }),
  );
  const norms = panels.flat().flatMap(([, points]) => points.map(({ norm }) => norm));
  const domain = [Math.min(...norms) / 1.5, Math.max(...norms) * 1.5] as const;
  const lines = panels.flat().map(([words, points]): Panel => ({
    title: words,
    plot: {
      x: { label: 'block, from the input to the output, % →', domain: [0, 100] },
      y: {
        label: '↑ gradient norm, last block = 1',
        type: 'log',
        domain,
        grid: true,
        ticks: decades(domain),
        tickFormat: '~g',
      },
      marks: [
        Plot.ruleY([1], { stroke: '#999' }),
        ...[false, true].map((isDashed) =>
          Plot.line(
            points.filter(({ variant }) => Object.hasOwn(dashed, variant) === isDashed),
            {
              x: 'depth',
              y: 'norm',
              z: 'line',
              stroke: ({ variant }: Point) => colorOf(variant),
              strokeWidth: 1.8,
              ...(isDashed && { strokeDasharray: '5 3' }),
            },
          ),
        ),
      ],
      color: { type: 'identity' },
    },
  }));
  const extra = Object.entries(dashed).map(([variant, label]): FigureKey => ({
    label,
    color: colorOf(variant),
    dashed: true,
  }));
  return frame({
    title,
    keys: [...netKeys, ...extra],
    panels: lines,
    columns: Object.keys(columns).length,
    panelHeight: 250,
  });
}

/** Powers of ten within a domain. */
function decades([low, high]: readonly [number, number]): number[] {
  const powers = Array.from({ length: 61 }, (_, index) => Number(`1e${index - 30}`));
  return powers.filter((power) => low <= power && power <= high);
}

function pointsOf(run: VariantRun, moment: 'before' | 'after'): Point[] {
  const blocks = run.gradients?.[moment]?.blocks ?? [];
  const last = blocks.at(-1)!;
  return blocks.map((norm, index) => ({
    line: `${run.variant} ${run.seed}`,
    variant: run.variant,
    depth: (100 * index) / (blocks.length - 1),
    norm: norm / last,
  }));
}
