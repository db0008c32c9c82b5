import * as Plot from '@observablehq/plot';
import type { VariantRun } from '../variantRun.ts';
import { colorOf, netKeys } from './colors.ts';
import { frame } from './frame.ts';

/** Training error by epoch, a line for each seed: the nets of each panel by its title. */
export function errorFigure(
  runs: readonly VariantRun[],
  { title, panels }: { title: string; panels: Readonly<Record<string, readonly string[]>> },
): string {
  const points = runs.flatMap(({ variant, seed, epochs }) =>
    epochs.map(({ error }, index) => ({
      variant,
      line: `${variant} ${seed}`,
      epoch: index + 1,
      error: 100 * error,
    })),
  );
  const last = Math.max(...points.map(({ epoch }) => epoch));
  return frame({
    title,
    keys: netKeys,
    columns: Object.keys(panels).length,
    panelHeight: 300,
    panels: Object.entries(panels).map(([words, variants]) => ({
      title: words,
      plot: {
        x: {
          label: 'epoch →',
          domain: [1, last],
          ticks: Array.from({ length: last }, (_, index) => index + 1),
          tickFormat: 'd',
        },
        y: {
          label: '↑ training error, %',
          type: 'log',
          domain: [Math.max(0.05, Math.min(...points.map(({ error }) => error))) / 1.2, 100],
          grid: true,
          ticks: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100],
          tickFormat: String,
        },
        color: { type: 'identity' },
        marks: ['line', 'dot'].map((mark) => {
          const shown = points.filter(({ variant }) => variants.includes(variant));
          const at = { x: 'epoch', y: ({ error }: { error: number }) => Math.max(0.05, error) };
          const color = ({ variant }: { variant: string }): string => colorOf(variant);
          return mark === 'line'
            ? Plot.line(shown, { ...at, z: 'line', stroke: color, strokeWidth: 2 })
            : Plot.dot(shown, { ...at, fill: color, r: 3 });
        }),
      },
    })),
  });
}
