import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root } from '../setup/paths.mjs';

/** Folders of tests outside the core suite: in other runtimes, or minutes long. */
const OUTSIDE = ['browser', 'notebooks', 'package', 'experiments', 'deno', 'runtimes', 'portable'];
const BUILT = /\bdist\//;

/** Local files that a file imports, from the root. */
function importsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, join(root, dirname(file), name)))
    .filter((name) => existsSync(join(root, name)) && /\.m?[jt]s$/.test(name));
}

/** Files outside test/ that a test imports, itself or by its helpers, and whether it runs what was built from them. */
function reach(test) {
  const [found, helpers] = [new Set(), [test]];
  for (const helper of helpers) {
    for (const name of importsOf(helper)) {
      if (!name.startsWith('test/')) found.add(name);
      else if (!helpers.includes(name)) helpers.push(name);
    }
  }
  const built = helpers.some((name) => BUILT.test(readFileSync(join(root, name), 'utf8')));
  return { test, imports: found, built };
}

/** The core suite's tests of the sources; what a test runs from dist/ has no mutants in it. */
export function coreTests() {
  return readdirSync(join(root, 'test'), { recursive: true })
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts') && !OUTSIDE.includes(name.split('/')[1]))
    .map(reach)
    .filter(({ built }) => !built);
}

/** Those that lie in the folder's own place under test/, or that import one of the files. */
export function ownTests(tests, name, files) {
  return tests
    .filter(({ test, imports }) => {
      return test.startsWith(`test/${name}/`) || files.some((file) => imports.has(file));
    })
    .map(({ test }) => test);
}
