import {
  KIND_HEAD,
  kindCells,
  LEGEND,
  profileTotals,
  STEP_HEAD,
  stepCells,
  stepsOf,
} from './profileLines.ts';
import type { Profile } from './profilePlan.ts';

/** Widest table of a profile. */
const WIDTH = 100;
/** Letters of a place that are kept where an op's name can give way. */
const PLACE = 20;
/** Letters of an op's name that are kept. */
const OP = 23;

/** The steps of a plan in their order, the kinds of op, and the totals, in at most 100 columns. */
export function formatProfile(profile: Profile): string {
  const steps = stepsOf(profile).map(stepCells);
  const kinds = profile.kinds.map(kindCells);
  const totals = profileTotals(profile);
  const width = Math.max(...totals.map(([name]) => name.length));
  return [
    table(STEP_HEAD, steps, 3),
    table(KIND_HEAD, kinds, 1),
    totals.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n'),
    LEGEND.join('\n'),
  ].join('\n\n');
}

/** Aligned columns; those of numbers are close together, and the first gives way where lines grow too long. */
function table(head: readonly string[], rows: readonly string[][], left: number): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]!.length)),
  );
  const gaps: number[] = head.map((_, i) => (i === 0 ? 0 : 2));
  const total = (): number => [...widths, ...gaps].reduce((sum, part) => sum + part, 0);
  for (let i = left + 1; i < head.length && total() > WIDTH; i++) gaps[i] = 1;
  const shrink = (column: number, least: number): void => {
    const room = Math.max(0, widths[column]! - least);
    widths[column] = widths[column]! - Math.min(room, Math.max(0, total() - WIDTH));
  };
  shrink(0, PLACE);
  if (left > 1) shrink(1, OP);
  shrink(0, 1);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const width = widths[i]!;
        const shown = i === 0 ? keepEnd(cell, width) : i < left ? keepStart(cell, width) : cell;
        const padded = i < left ? shown.padEnd(width) : shown.padStart(width);
        return ' '.repeat(gaps[i]!) + padded;
      })
      .join('')
      .trimEnd();
  return [head, ...rows].map(line).join('\n');
}

/** The end of a place says most. */
const keepEnd = (text: string, width: number): string =>
  text.length > width ? `…${text.slice(text.length - width + 1)}` : text;

const keepStart = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;
