import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';
import { findExamples, type Example } from './examples.ts';

const examples = findExamples();

/** How many functions, layers and models people meet first, each with an example. */
const LEAST = 40;

it('are there for what people use first', () => {
  expect(examples.length).toBeGreaterThanOrEqual(LEAST);
});

it('import what they use, so that they can be copied', () => {
  for (const { name, code } of examples) expect(code, name).toMatch(/from 'residua(\/\w+)?'/);
});

/** Runs examples as their readers would, each in a file of its own, with an engine to begin with. */
async function run(some: readonly Example[], at: number): Promise<string> {
  const folder = join(root, `.cache/examples/${at}`);
  mkdirSync(folder, { recursive: true });
  const calls = some.map(({ name, code }, i) => {
    writeFileSync(join(folder, `${i}.mjs`), code);
    return `await run(${JSON.stringify(name)}, () => import('./${i}.mjs'));`;
  });
  const main = join(folder, 'main.mjs');
  writeFileSync(
    main,
    [
      `import { init } from 'residua';`,
      `await init({ threads: 1 });`,
      `const run = async (name, example) => {`,
      `  try { await example(); }`,
      `  catch (error) { console.log('FAILED ' + name + ': ' + (error?.stack ?? error)); }`,
      `};`,
      ...calls,
    ].join('\n'),
  );
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [main], { cwd: folder });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PARTS = 4;
it.each(Array.from({ length: PARTS }, (_, part) => part))(
  'run, part %i',
  async (part) => {
    const own = examples.filter((_, index) => index % PARTS === part);
    const output = await run(own, part);
    expect(output.split('\n').filter((line) => line.startsWith('FAILED'))).toEqual([]);
  },
  120_000,
);
