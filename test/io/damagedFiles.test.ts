import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/corruptedFiles.mjs', import.meta.url));
const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

/** Files of each format; more by `RESIDUA_FILES=5000`, and one seed again by `RESIDUA_SEED`. */
const FILES = Number(process.env['RESIDUA_FILES'] ?? 1000);
const SEED = process.env['RESIDUA_SEED'];

/** Runs the script; what it says and its exit code. */
function corruptedFiles(...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

describe('damaged files of every format', () => {
  it('are taken, or refused by one error of ours', { timeout: 100_000 + 500 * FILES }, async () => {
    expect(existsSync(library), 'dist/ is not there: run npm run build').toBe(true);
    const { code, output } = await corruptedFiles(
      ...['--count', String(FILES)],
      ...(SEED === undefined ? [] : ['--seed', SEED]),
    );
    expect(code, output).toBe(0);
    // The seed stands in the log of a run that finds something, and in that of one that does not.
    process.stdout.write(output);
    expect(output.match(/ 0 faults$/gm)).toHaveLength(9);
  });

  it('can be made again, one at a time', async () => {
    const one = ['--seed', '7', '--format', 'npz', '--only', '3'];
    const [first, second] = [await corruptedFiles(...one), await corruptedFiles(...one)];
    const facts = (output: string): RegExpExecArray | null => /\d taken, \d refused/.exec(output);
    expect(first.code, first.output).toBe(0);
    expect(facts(first.output)?.[0]).toBe(facts(second.output)?.[0]);
  });
});
