import type { ReportContents } from './report.ts';

/** `renderReport` of report.ts, whose libraries for figures are loaded when it is called: they take longer than many a run. */
export async function renderReport(contents: ReportContents): Promise<string> {
  const report = await import('./report.ts');
  return report.renderReport(contents);
}
