import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { notebookPython } from '../../scripts/runtimes.mjs';
import { root } from '../../scripts/setup/paths.mjs';

interface Output {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, string | string[]>>;
}

/** A notebook as it is kept. */
export interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly execution_count?: number | null;
    readonly outputs?: readonly Output[];
  }[];
}

const pathOf = (name: string): string => join(root, 'notebooks', name);

/** All outputs of one type, as text. */
export function outputs({ cells }: Notebook, type: string): string[] {
  return cells
    .flatMap(({ outputs = [] }) => outputs)
    .map(({ data = {} }) => data[type])
    .filter((data) => data !== undefined)
    .map((data) => [data].flat().join(''));
}

/** Makes sure that a notebook is committed without outputs. */
export function expectNoOutputs(name: string): void {
  const committed = JSON.parse(readFileSync(pathOf(name), 'utf8')) as Notebook;
  for (const cell of committed.cells.filter(({ cell_type }) => cell_type === 'code')) {
    expect(cell).toMatchObject({ outputs: [], execution_count: null });
  }
}

/** Executes a notebook from a clean kernel; skips the test where there is no Python for it. */
export async function executed(
  name: string,
  skip: (condition: boolean, note: string) => void,
): Promise<Notebook> {
  const python = notebookPython();
  skip(!python, 'no Python with nbclient: `node scripts/setup.mjs --for test` says why');
  const script = join(root, 'test/notebooks/execute.py');
  const { stdout } = await promisify(execFile)(python, [script, pathOf(name)], {
    env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout) as Notebook;
}
