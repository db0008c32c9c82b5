import * as Plot from '@observablehq/plot';
import type { VariantRun } from '../variantRun.ts';
import { frame, type Panel } from './frame.ts';

const WHOLE = '#1d4e9e';
const DROPPED = '#c0392b';
const GATES = { skip: '#1d4e9e', transform: '#f0a04b' };

/** Test error of each variant as it was trained and with something dropped, and what its gates chose; a dot for each seed. */
export function dropFigure(
  runs: readonly VariantRun[],
  { title, dropped }: { title: string; dropped: string },
): string {
  const names = [...new Set(runs.map(({ variant }) => variant))];
  const dots = runs.flatMap(({ variant, seed, test, dropped }) => {
    const rows = [
      [test, WHOLE],
      [dropped, DROPPED],
    ] as const;
    return rows.flatMap(([evaluation, color]) =>
      evaluation
        ? [
            {
              variant,
              seed,
              color,
              row: `${variant} ${seed}`,
              error: 100 * (1 - evaluation.accuracy),
            },
          ]
        : [],
    );
  });
  const gates = runs.flatMap(({ seed, gates = {} }) =>
    Object.values(gates).flatMap((gate) =>
      Object.entries(gate).map(([branch, value]) => ({ seed: String(seed), branch, value })),
    ),
  );
  const errorPanel: Panel = {
    title: 'test error by seed',
    plot: {
      marginLeft: 128,
      x: { label: 'test images classified wrong, % →', domain: [0, 100], grid: true },
      y: { label: null, domain: names, padding: 0.5 },
      color: { type: 'identity' },
      marks: [
        Plot.dot(dots, {
          x: 'error',
          y: 'variant',
          fill: 'color',
          r: 5,
          fillOpacity: 0.75,
        }),
      ],
    },
  };
  const seeds = [...new Set(gates.map(({ seed }) => seed))];
  const gatePanel: Panel = {
    title: 'what the gates learned',
    plot: {
      marginRight: 80,
      x: { label: 'seed', domain: seeds, padding: 1 },
      y: { label: '↑ scale of the branch, 1 at the start', grid: true, nice: true },
      color: { type: 'identity' },
      marks: [
        Plot.ruleY([1], { stroke: '#999' }),
        Plot.dot(gates, {
          x: 'seed',
          y: 'value',
          r: 5,
          fill: ({ branch }: { branch: string }) => GATES[branch as keyof typeof GATES],
          symbol: ({ branch }: { branch: string }) => (branch === 'skip' ? 'circle' : 'square'),
        }),
        Plot.text(gates, {
          x: 'seed',
          y: 'value',
          text: ({ branch, value }: { branch: string; value: number }) =>
            `${branch} ${value.toFixed(3)}`,
          dx: 9,
          textAnchor: 'start',
        }),
      ],
    },
  };
  return frame({
    title,
    keys: [
      { label: 'as trained', color: WHOLE },
      { label: dropped, color: DROPPED },
    ],
    panels: gates.length > 0 ? [errorPanel, gatePanel] : [errorPanel],
    columns: 2,
    panelHeight: 270,
  });
}
