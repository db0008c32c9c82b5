import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { inTurns, shuffled } from './draw.mjs';
import { folder, readLines } from './paths.mjs';
import { mutantsOf, runStryker, setUpStryker } from './stryker.mjs';
import { coreTests, ownTests } from './tests.mjs';

/** Mutants inside one place; a whole function's are too many for one draw. */
const MOST_IN_A_PLACE = 4;

const KILLED = ['Killed', 'Timeout', 'RuntimeError', 'CompileError'];

/** What tells a mutant from all others of the same sources. */
const keyOf = ({ file, location: { start, end }, mutator, replacement }) =>
  [file, start.line, start.column, end.line, end.column, mutator, replacement].join(' ');

const isInside = (inner, outer) => {
  const before = (a, b) => a.line < b.line || (a.line === b.line && a.column <= b.column);
  return before(outer.start, inner.start) && before(inner.end, outer.end);
};

/** Stryker's name of a place. */
function rangeOf({ file, location: { start, end } }) {
  return `${file}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
}

/** The whole lines of a place, before and after. */
function linesOf(content, { start, end }, replacement) {
  const lines = content.split('\n').slice(start.line, end.line + 1);
  const after = lines[0].slice(0, start.column) + replacement + lines.at(-1).slice(end.column);
  return { before: lines.join('\n'), after };
}

const filesOf = (name) =>
  readdirSync(join(root, 'ts', name), { recursive: true })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => `ts/${name}/${file.replaceAll('\\', '/')}`);

/** Places of a folder in the seed's order, each with all mutants inside. */
async function placesOf(name, seed) {
  const files = filesOf(name);
  const contents = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const mutants = (await mutantsOf(files)).map(
    ({ fileName: file, location, mutatorName: mutator, replacement }) => {
      const lines = linesOf(contents.get(file), location, replacement);
      return { folder: name, file, location, mutator, replacement, ...lines };
    },
  );
  const places = new Map(mutants.map((mutant) => [rangeOf(mutant), mutant]));
  return shuffled(seed, [...places], ([range]) => range)
    .map(([range, { file, location }]) => ({
      range,
      mutants: mutants.filter(
        (mutant) => mutant.file === file && isInside(mutant.location, location),
      ),
    }))
    .filter((place) => place.mutants.length <= MOST_IN_A_PLACE);
}

/** The drawn mutants, each once, with the place it is in. */
async function draw({ folders, seed, count }) {
  const lists = [];
  for (const name of folders) lists.push(await placesOf(name, seed));
  const drawn = new Map();
  for (const { range, mutants } of inTurns(lists, count, ({ mutants }) => mutants.length)) {
    for (const mutant of mutants) drawn.set(keyOf(mutant), { ...mutant, range });
  }
  return drawn;
}

/** Where the results of these mutants are kept: sources that changed begin anew. */
function resultsFile(drawn, stage) {
  const digest = createHash('sha256').update([...drawn.keys()].sort().join('\n'));
  return join(folder, `typescript-${digest.digest('hex').slice(0, 12)}-${stage}.jsonl`);
}

async function judge(pending, tests, results) {
  const known = new Set(readLines(results).map(keyOf));
  const left = pending.filter(([key]) => !known.has(key));
  if (left.length === 0 || tests.length === 0) return;
  const places = [...new Set(left.map(([, { range }]) => range))];
  await runStryker({ places, tests, results });
}

/** Draws mutants of folders of ts/ and judges them; one row for each. */
export async function judgeTypeScript(options) {
  await setUpStryker();
  const drawn = await draw(options);
  console.log(`mutate: ${drawn.size} mutants of TypeScript, seed ${options.seed}`);
  const tests = coreTests();
  const [own, core] = ['own', 'core'].map((stage) => resultsFile(drawn, stage));
  for (const name of options.folders) {
    const pending = [...drawn].filter(([, mutant]) => mutant.folder === name);
    const files = [...new Set(pending.map(([, { file }]) => file))];
    console.log(`mutate: ${name}: ${pending.length} mutants by the tests that import the files`);
    await judge(pending, ownTests(tests, name, files), own);
  }
  const killers = (file) =>
    new Map(
      readLines(file)
        .filter(({ status }) => KILLED.includes(status))
        .map((line) => [keyOf(line), line]),
    );
  const byOwn = killers(own);
  const pending = [...drawn].filter(([key]) => !byOwn.has(key));
  console.log(`mutate: ${pending.length} of them by the core suite`);
  await judge(
    pending,
    tests.map(({ test }) => test),
    core,
  );
  const byCore = killers(core);
  return [...drawn].map(([key, mutant]) => ({
    ...mutant,
    line: mutant.location.start.line + 1,
    by: byOwn.has(key) ? 'own' : byCore.has(key) ? 'core' : undefined,
    killer: (byOwn.get(key) ?? byCore.get(key))?.killer,
  }));
}
