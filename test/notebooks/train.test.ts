import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { notebookPython } from '../../scripts/runtimes.mjs';
import { root } from '../../scripts/setup/paths.mjs';

interface Output {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, string | string[]>>;
}

interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly execution_count?: number | null;
    readonly outputs?: readonly Output[];
  }[];
}

const path = join(root, 'notebooks/train.ipynb');
const committed = JSON.parse(readFileSync(path, 'utf8')) as Notebook;

/** All outputs of one type, as text. */
function outputs({ cells }: Notebook, type: string): string[] {
  return cells
    .flatMap(({ outputs = [] }) => outputs)
    .map(({ data = {} }) => data[type])
    .filter((data) => data !== undefined)
    .map((data) => [data].flat().join(''));
}

it('is committed without outputs', () => {
  for (const cell of committed.cells.filter(({ cell_type }) => cell_type === 'code')) {
    expect(cell).toMatchObject({ outputs: [], execution_count: null });
  }
});

it('trains from a clean kernel and shows curves and predictions', async ({ skip }) => {
  const python = notebookPython();
  skip(!python, 'no Python with nbclient: `node scripts/setup.mjs --for test` says why');
  const script = join(root, 'test/notebooks/execute.py');
  const { stdout } = await promisify(execFile)(python, [script, path], {
    env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    maxBuffer: 1 << 26,
  });
  const executed = JSON.parse(stdout) as Notebook;
  const texts = outputs(executed, 'text/plain').join('\n');
  expect(texts).toMatch(/relaxed(-threads)?, \d threads/);
  expect(texts).toMatch(/step 128 of 128: loss \d\.\d+, \d+ images\/s/);
  expect(texts).toMatch(/trained 128 steps/);
  expect(Number(/test accuracy ([\d.]+) %/.exec(texts)?.[1])).toBeGreaterThan(85);

  const curves = outputs(executed, 'image/svg+xml');
  expect(curves).toHaveLength(2);
  for (const curve of curves) expect(curve).toMatch(/^<svg[^]*<path[^]*<\/svg>$/);
  expect(
    outputs(executed, 'text/html')
      .join('')
      .match(/data:image\/png;base64,/g),
  ).toHaveLength(12);
});
