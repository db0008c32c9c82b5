// `npm run matrix`: the packed package in every bundler and runtime, each in a fresh project; one table as output.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { closeChromium } from './matrix/open.mjs';
import { expectedNumbers, makeFolder, pack } from './matrix/project.mjs';
import { rows } from './matrix/rows.mjs';
import { runRow } from './matrix/runRow.mjs';
import { setUp } from './setup.mjs';

const USAGE = `npm run matrix [-- NAME ...] [--list] [--keep]

Every row whose name contains one of the names, or all. --keep leaves the projects for a look.
`;

/** Runs rows one after the other; resolves to their results. */
async function runRows(chosen, folder, onResult) {
  const tarball = await pack(folder);
  const expected = await expectedNumbers(folder, tarball);
  const results = [];
  for (const row of chosen) {
    const start = performance.now();
    const result = await runRow(row, { folder, tarball, expected }).then(
      (told) => ({ ok: true, told }),
      (error) => ({ ok: false, told: error.message }),
    );
    const seconds = (performance.now() - start) / 1000;
    results.push({ name: row.name, seconds, ...result });
    onResult(results.at(-1));
  }
  await closeChromium();
  return results;
}

function print({ name, ok, seconds, told }) {
  const [first, ...rest] = told.split('\n');
  const state = ok ? 'ok' : 'FAILS';
  process.stdout.write(
    `| ${name.padEnd(44)} | ${state.padEnd(5)} | ${seconds.toFixed(0).padStart(3)} s | ${first} |\n`,
  );
  if (!ok && rest.length > 0) process.stderr.write(`${rest.join('\n')}\n`);
}

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      list: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return void process.stdout.write(USAGE);
  const asked = (name) =>
    positionals.length === 0 || positionals.some((part) => name.includes(part));
  const chosen = rows.filter(({ name }) => asked(name));
  if (values.list) return void process.stdout.write(chosen.map(({ name }) => `${name}\n`).join(''));
  if (chosen.length === 0) throw new Error(`no row has a name with ${positionals.join(' or ')}`);
  await setUp('build');
  const folder = makeFolder();
  process.stdout.write(`| ${'row'.padEnd(44)} | state | time  | build, threads: what was said |\n`);
  process.stdout.write('| --- | --- | --- | --- |\n');
  const results = await runRows(chosen, folder, print);
  const failed = results.filter(({ ok }) => !ok).length;
  process.stdout.write(`\n${results.length - failed} rows passed, ${failed} failed\n`);
  if (values.keep) process.stdout.write(`the projects are in ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
