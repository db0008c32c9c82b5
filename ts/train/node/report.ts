import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml, heading, key, PAGE_WIDTH, pairsTable, renderPage } from '../../report/page.ts';
import type { EpochRecord, MetricsRecord, StepRecord } from './metricsLog.ts';

/** What a report shows. */
export interface ReportContents {
  readonly title: string;
  readonly records: readonly MetricsRecord[];
  /** Rows of the table of results: name and value. */
  readonly results: readonly (readonly [string, string])[];
  /** Rows of the table of settings. */
  readonly settings: readonly (readonly [string, string])[];
}

const HEIGHT = 300;
const MOST_POINTS = 1200;
const TRAIN = '#4269d0';
const TEST = '#e4572e';
const MARGINS = { marginLeft: 56, marginRight: 20, marginTop: 28, marginBottom: 44 };

/**
 * A page about a training run, with everything it needs inside: curves of loss and accuracy over the steps, and the norm
 * of each weight's gradient by depth.
 */
export function renderReport({ title, records, results, settings }: ReportContents): string {
  const { document } = parseHTML(
    '<!doctype html><html lang="en"><head></head><body></body></html>',
  );
  const steps = records.filter((record) => record.kind === 'step');
  const epochs = records.filter((record) => record.kind === 'epoch');
  const sections = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<div class="tables"><div>${heading('Result')}${pairsTable(results)}</div>`,
    `<div>${heading('Settings')}${pairsTable(settings)}</div></div>`,
    ...(steps.length > 0 ? curves(document, steps, epochs) : []),
    ...gradientSection(document, steps),
  ];
  return renderPage(title, sections);
}

function curves(document: Document, steps: StepRecord[], epochs: EpochRecord[]): string[] {
  const tested = epochs.flatMap(({ step, test }) => (test ? [{ step, ...test }] : []));
  const shown = thin(smooth(steps), MOST_POINTS);
  const keys = `<p>${key(TRAIN, 'training, each step and smoothed')}${tested.length ? key(TEST, 'test set') : ''}</p>`;
  const percent = (row: { step: number; accuracy: number }) => 100 * row.accuracy;
  const seen = shown.slice(shown.length >> 4).map((row) => row.smoothAccuracy);
  const lowest = Math.min(0.9, ...seen, ...tested.map(({ accuracy }) => accuracy));
  const floor = 10 * Math.floor(10 * lowest);
  const x = { label: 'training step →', domain: [0, steps.at(-1)!.step] };
  return [
    heading('Loss'),
    keys,
    draw({
      document,
      x,
      y: { label: '↑ cross-entropy', type: 'log', grid: true, tickFormat: '~g' },
      marks: [
        Plot.line(shown, {
          x: 'step',
          y: (row) => positive(row.loss),
          stroke: TRAIN,
          strokeOpacity: 0.25,
          strokeWidth: 1,
          clip: true,
        }),
        Plot.line(shown, {
          x: 'step',
          y: (row) => positive(row.smoothLoss),
          stroke: TRAIN,
          strokeWidth: 2,
        }),
        Plot.line(tested, { x: 'step', y: (row) => positive(row.loss), stroke: TEST }),
        Plot.dot(tested, { x: 'step', y: (row) => positive(row.loss), fill: TEST, r: 4 }),
      ],
    }),
    heading('Accuracy'),
    keys,
    draw({
      document,
      x,
      y: { label: '↑ classified right, %', grid: true, domain: [floor, 100] },
      marks: [
        Plot.line(shown, {
          x: 'step',
          y: percent,
          stroke: TRAIN,
          strokeOpacity: 0.25,
          strokeWidth: 1,
          clip: true,
        }),
        Plot.line(shown, {
          x: 'step',
          y: (row) => 100 * row.smoothAccuracy,
          stroke: TRAIN,
          strokeWidth: 2,
          clip: true,
        }),
        Plot.line(tested, { x: 'step', y: percent, stroke: TEST, clip: true }),
        Plot.dot(tested, { x: 'step', y: percent, fill: TEST, r: 4 }),
      ],
    }),
  ];
}

/** The run in up to four parts, and the mean norm of each weight's gradient in each. */
function gradientSection(document: Document, steps: readonly StepRecord[]): string[] {
  const measured = steps.filter((record) => record.gradientNorms);
  if (measured.length === 0) return [];
  const parts = Math.min(4, measured.length);
  const names = Object.keys(measured[0]!.gradientNorms!);
  const cut = (part: number): number => Math.round((part * measured.length) / parts);
  const series = Array.from({ length: parts }, (_, part) =>
    measured.slice(cut(part), cut(part + 1)),
  );
  const labels = series.map((records) => `steps ${records[0]!.step} – ${records.at(-1)!.step}`);
  const points = series.flatMap((records, part) =>
    names.map((name, depth) => ({
      depth: depth + 1,
      norm: records.reduce((sum, record) => sum + record.gradientNorms![name]!, 0) / records.length,
      part: labels[part]!,
    })),
  );
  const colors = ['#b9cbe8', '#7fa3d9', '#3d6fbf', '#12336b'].slice(-parts);
  const named = names.length <= 32;
  return [
    heading('Gradient norm by depth'),
    `<p>${labels.map((label, part) => key(colors[part]!, label)).join('')}</p>`,
    draw({
      document,
      height: HEIGHT + (named ? 90 : 0),
      marginBottom: named ? 130 : MARGINS.marginBottom,
      x: named
        ? {
            label: null,
            ticks: names.map((_, depth) => depth + 1),
            tickFormat: (depth: number) => names[depth - 1]!.replace(/\.weight$/, ''),
            tickRotate: -50,
          }
        : { label: 'weight, from input to output →' },
      y: { label: '↑ mean L2 norm of the gradient', type: 'log', grid: true, tickFormat: '~g' },
      color: { domain: labels, range: colors },
      marks: [
        Plot.line(points, { x: 'depth', y: 'norm', stroke: 'part', strokeWidth: 1.5 }),
        Plot.dot(points, { x: 'depth', y: 'norm', fill: 'part', r: 2.5 }),
      ],
    }),
  ];
}

function draw(options: Plot.PlotOptions): string {
  const style = { fontSize: '12px', background: 'white' };
  return Plot.plot({ width: PAGE_WIDTH, height: HEIGHT, ...MARGINS, style, ...options }).outerHTML;
}

/** Adds an exponential mean over about a fiftieth of the run. */
function smooth(
  steps: readonly StepRecord[],
): (StepRecord & { smoothLoss: number; smoothAccuracy: number })[] {
  const share = Math.min(1, 2 / (1 + Math.max(10, steps.length / 50)));
  let [smoothLoss, smoothAccuracy] = [steps[0]!.loss, steps[0]!.accuracy];
  return steps.map((record) => {
    smoothLoss += share * (record.loss - smoothLoss);
    smoothAccuracy += share * (record.accuracy - smoothAccuracy);
    return { ...record, smoothLoss, smoothAccuracy };
  });
}

/** A loss as a logarithmic axis can show it. */
const positive = (loss: number): number => Math.max(loss, 1e-7);

/** At most so many rows, evenly spaced, the last among them. */
function thin<T>(rows: readonly T[], most: number): T[] {
  const stride = Math.ceil(rows.length / most);
  return rows.filter((_, index) => (rows.length - 1 - index) % stride === 0);
}
