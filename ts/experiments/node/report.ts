import { columnsTable, escapeHtml, heading, pairsTable, renderPage } from '../../report/page.ts';
import type { Experiment } from '../experiment.ts';
import type { ExperimentResult } from '../result.ts';
import { runRows, settingRows } from './rows.ts';

/** A page about an experiment, with everything it needs inside. */
export function renderExperiment(experiment: Experiment, result: ExperimentResult): string {
  const { findings, runs } = result;
  const { head, rows } = runRows(runs);
  const seeds = findings.map(({ seed, shown, says }): [string, string] => [
    `seed ${seed}, ${shown ? 'shown' : 'not shown'}`,
    says,
  ]);
  return renderPage(experiment.title, [
    `<h1>${escapeHtml(experiment.title)}</h1>`,
    paragraph(result.claim),
    paragraph(result.says),
    experiment.figure(runs),
    heading('Seed by seed'),
    pairsTable(seeds),
    heading('Networks'),
    columnsTable(head, rows, 1),
    heading('Settings'),
    pairsTable(settingRows(result)),
  ]);
}

const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`;
