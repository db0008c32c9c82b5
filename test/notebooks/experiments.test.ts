import { expect, it } from 'vitest';
import { executed, expectNoOutputs, outputs } from './notebook.ts';

it('is committed without outputs', () => expectNoOutputs('experiments.ipynb'));

it('runs the three experiments from a clean kernel and shows a figure of each', async ({
  skip,
}) => {
  const notebook = await executed('experiments.ipynb', skip);
  const texts = outputs(notebook, 'text/plain').join('\n');
  expect(texts).toMatch(/vanishing-gradient: shown\. At initialisation/);
  expect(texts).toMatch(/plain-56: × \d+/);
  expect(texts).toMatch(/degradation: (not )?shown\. Training error in the last epoch: plain-20/);
  expect(texts).toMatch(/vgg13-skip: (not )?shown\. Bypassing the two convolutions/);
  expect(texts).toMatch(/gates: \{.*"skip":[\d.]+,"transform":[\d.]+/);
  const figures = outputs(notebook, 'image/svg+xml');
  expect(figures).toHaveLength(3);
  for (const figure of figures) expect(figure).toMatch(/^<svg[^]*<\/svg>\n$/);
});
