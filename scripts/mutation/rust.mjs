import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { hostRust } from '../setup/rust.mjs';
import { shuffled } from './draw.mjs';
import { execute } from './execute.mjs';
import { copies, folder, readLines } from './paths.mjs';

const SOURCES = 'crates/kernels/src';
/** The tests take seconds; a mutant may loop for ever. */
const TEST_SECONDS = 120;

/** rustfmt puts spaces around every operator of two sides, and none behind a dereference or before a generic. */
const SWAPS = [
  [' + ', ' - '],
  [' - ', ' + '],
  [' * ', ' + '],
  [' / ', ' * '],
  [' % ', ' / '],
  [' += ', ' -= '],
  [' < ', ' <= '],
  [' <= ', ' < '],
  [' > ', ' >= '],
  [' >= ', ' > '],
  [' == ', ' != '],
  [' != ', ' == '],
  [' && ', ' || '],
  [' || ', ' && '],
  ['.min(', '.max('],
  ['.max(', '.min('],
  [' 0..', ' 1..'],
  ['.mul_add(', '.add('],
  [' 1)', ' 2)'],
  [' 0.0', ' 1.0'],
];

/** Not kernels: tests, and files that a host does not compile. */
function isLeftOut(name, wasmOnly) {
  return /(^|\/)(tests?|testing)(\.rs|\/)/.test(name) || wasmOnly.includes(name);
}

function sources() {
  const lib = readFileSync(join(root, SOURCES, 'lib.rs'), 'utf8');
  const wasm = lib.matchAll(/#\[cfg\(target_arch = "wasm32"\)\]\n(?:pub )?mod (\w+);/g);
  const wasmOnly = [...wasm].map(([, name]) => `${name}.rs`);
  return readdirSync(join(root, SOURCES), { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.rs') && !isLeftOut(name, wasmOnly));
}

/** Every mutant of a line of code; comments, attributes and declarations of types have none. */
function ofLine(file, text, line) {
  const code = text.split('//')[0];
  if (/^\s*(#|use |pub use |pub mod |mod |impl|where|pub trait |trait |type |row!)/.test(code))
    return [];
  const negated = code.replace(/\bif (?!let )(.+) \{$/, 'if !($1) {');
  const turned = negated === code ? [] : [{ file, line, before: text, after: negated }];
  const swapped = SWAPS.flatMap(([from, to]) => {
    const found = [];
    for (let at = code.indexOf(from); at >= 0; at = code.indexOf(from, at + 1)) {
      const after = text.slice(0, at) + to + text.slice(at + from.length);
      found.push({ file, line, before: text, after });
    }
    return found;
  });
  return [...turned, ...swapped];
}

function mutantsOf(file) {
  const lines = readFileSync(join(root, SOURCES, file), 'utf8').split('\n');
  return lines.flatMap((text, line) => ofLine(file, text, line));
}

const keyOf = ({ file, line, before, after }) => [file, line, before, after].join('\n');

function mutate({ file, line, after }) {
  const lines = readFileSync(join(root, SOURCES, file), 'utf8').split('\n');
  lines[line] = after;
  writeFileSync(join(copies, SOURCES, file), lines.join('\n'));
}

/** The crate's folder or file that a mutant is in: also the name of the module with its tests. */
const moduleOf = ({ file }) => file.split('/')[0].replace('.rs', '');

/** Builds the changed crate and runs its tests, those of the mutant's own module first. */
async function judge(mutant, env) {
  mutate(mutant);
  const cargo = (...args) =>
    execute('cargo', ['test', '--quiet', '--locked', '--lib', ...args], {
      env,
      cwd: copies,
      quiet: true,
      timeout: args.includes('--no-run') ? undefined : TEST_SECONDS * 1000,
    });
  try {
    if ((await cargo('--no-run')) !== 0) return 'not viable';
    if ((await cargo('--', `${moduleOf(mutant)}::`)) !== 0) return 'own';
    if ((await cargo()) !== 0) return 'core';
    const wide = ['--features', 'wide'];
    if ((await cargo('--no-run', ...wide)) !== 0) return 'core';
    return (await cargo(...wide)) !== 0 ? 'core' : 'survived';
  } finally {
    cpSync(join(root, SOURCES, mutant.file), join(copies, SOURCES, mutant.file));
  }
}

function copyCrate() {
  mkdirSync(copies, { recursive: true });
  for (const name of ['Cargo.toml', 'Cargo.lock', 'crates']) {
    cpSync(join(root, name), join(copies, name), { recursive: true });
  }
}

/** Draws mutants of the crate and judges them by the tests that run on this machine; one row for each that compiles. */
export async function judgeRust({ seed, count }) {
  const mutants = shuffled(seed, sources().flatMap(mutantsOf), keyOf);
  const digest = createHash('sha256').update(mutants.map(keyOf).join('\n')).digest('hex');
  const results = join(folder, `rust-${digest.slice(0, 12)}.jsonl`);
  const known = new Map(readLines(results).map(({ key, by }) => [key, by]));
  const env = { ...(await hostRust()), CARGO_TARGET_DIR: join(copies, 'target') };
  copyCrate();
  const rows = [];
  for (const mutant of mutants) {
    if (rows.length >= count) break;
    const key = keyOf(mutant);
    const by = known.get(key) ?? (await judge(mutant, env));
    if (!known.has(key)) {
      appendFileSync(results, `${JSON.stringify({ key, by })}\n`);
      console.log(`mutate: ${by}: ${mutant.file}:${mutant.line + 1}: ${mutant.after.trim()}`);
    }
    if (by === 'not viable') continue;
    const { file, line, before, after } = mutant;
    const place = { folder: 'crate', file: `${SOURCES}/${file}`, line: line + 1 };
    rows.push({ ...place, before, after, by: by === 'survived' ? undefined : by });
  }
  return rows;
}
