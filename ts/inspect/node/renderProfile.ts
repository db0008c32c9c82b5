import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import {
  columnsTable,
  escapeHtml,
  heading,
  key,
  PAGE_WIDTH,
  pairsTable,
  renderPage,
} from '../../report/page.ts';
import {
  KIND_HEAD,
  kindCells,
  LEGEND,
  opName,
  profileTotals,
  STEP_HEAD,
  stepCells,
  stepsOf,
  type Step,
} from '../profileLines.ts';
import type { Profile } from '../profilePlan.ts';

/** Height of a bar with its gap, in pixels. */
const BAR = 15;
/** Widest place beside the bars, in letters. */
const PLACE = 34;
/** Colours of the ops that take longest; the others share the last. */
const COLORS = ['#4269d0', '#e4572e', '#3ca951', '#a463f2', '#efb118', '#9c9c9c'];

/** A page about where a plan's time goes, with everything it needs inside: a bar for every step, and the tables. */
export function renderProfile(profile: Profile): string {
  const { document } = parseHTML(
    '<!doctype html><html lang="en"><head></head><body></body></html>',
  );
  const title = `${profile.name}, ${profile.pass}, batch ${profile.batch}`;
  const steps = stepsOf(profile);
  const named = profile.kinds.slice(0, COLORS.length - 1).map(({ op }) => op);
  const colorOf = (op: string): string => COLORS[named.indexOf(op)] ?? COLORS.at(-1)!;
  const keys = named.map((op) => key(colorOf(op), op));
  if (profile.kinds.length > named.length) keys.push(key(COLORS.at(-1)!, 'other ops'));
  return renderPage(title, [
    `<h1>${escapeHtml(title)}</h1>`,
    pairsTable(profileTotals(profile).slice(1)),
    heading('By kind of op'),
    columnsTable(KIND_HEAD, profile.kinds.map(kindCells), 1),
    heading('Milliseconds of every step, in order'),
    `<p>${keys.join('')}</p>`,
    bars(document, steps, colorOf),
    heading('Every step'),
    ...LEGEND.map((line) => `<p>${escapeHtml(line)}</p>`),
    columnsTable(STEP_HEAD, steps.map(stepCells), 3),
  ]);
}

function bars(document: Document, steps: readonly Step[], colorOf: (op: string) => string): string {
  const rows = steps.map((step, index) => ({ ...step, index }));
  const places = steps.map(({ path, op }) => (path || op).slice(-PLACE));
  const note = (step: Step): string => {
    const { flops, gflops, gigabytesPerSecond } = step;
    if (flops > 0) return `${opName(step)}, ${gflops.toFixed(0)} GFLOP/s`;
    const rate = gigabytesPerSecond < 1 ? '' : `, ${gigabytesPerSecond.toFixed(0)} GB/s`;
    return opName(step) + rate;
  };
  const longest = Math.max(...steps.map(({ medianMs }) => medianMs));
  return Plot.plot({
    document,
    width: PAGE_WIDTH,
    height: 60 + BAR * steps.length,
    marginLeft: 215,
    marginRight: 20,
    marginTop: 40,
    marginBottom: 20,
    style: { fontSize: '11px', background: 'white' },
    x: { axis: 'top', label: 'ms →', grid: true, domain: [0, 1.6 * longest] },
    y: { label: null, tickSize: 0, tickFormat: (index: number) => places[index]! },
    marks: [
      Plot.barX(rows, {
        y: 'index',
        x: 'medianMs',
        fill: ({ op }: Step) => colorOf(op),
        insetTop: 1,
      }),
      Plot.text(rows, {
        y: 'index',
        x: 'medianMs',
        text: note,
        textAnchor: 'start',
        dx: 4,
        fill: '#555',
      }),
    ],
  }).outerHTML;
}
