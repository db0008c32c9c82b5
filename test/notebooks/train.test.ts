import { expect, it } from 'vitest';
import { executed, expectNoOutputs, outputs } from './notebook.ts';

it('is committed without outputs', () => expectNoOutputs('train.ipynb'));

it('trains from a clean kernel and shows curves and predictions', async ({ skip }) => {
  const notebook = await executed('train.ipynb', skip);
  const texts = outputs(notebook, 'text/plain').join('\n');
  expect(texts).toMatch(/relaxed(-threads)?, \d threads/);
  expect(texts).toMatch(/step 128 of 128: loss \d\.\d+, \d+ images\/s/);
  expect(texts).toMatch(/trained 128 steps/);
  expect(Number(/test accuracy ([\d.]+) %/.exec(texts)?.[1])).toBeGreaterThan(85);

  const curves = outputs(notebook, 'image/svg+xml');
  expect(curves).toHaveLength(2);
  for (const curve of curves) expect(curve).toMatch(/^<svg[^]*<path[^]*<\/svg>$/);
  expect(
    outputs(notebook, 'text/html')
      .join('')
      .match(/data:image\/png;base64,/g),
  ).toHaveLength(12);
});
