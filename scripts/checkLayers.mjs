// Checks ARCHITECTURE.md's import rules over ts/: imports go down only, no packages in the core.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root } from './setup/paths.mjs';

/** From the bottom up; a folder may import itself and lower lines, the doors of a line may import each other. */
const LAYERS = [
  ['base/'],
  ['kernels/'],
  ['ops/'],
  ['selfCheck/'],
  ['core/'],
  ['functions/'],
  ['nn/', 'optim/'],
  ['io/'],
  ['models/', 'data/', 'compile/'],
  ['report/'],
  ['train/', 'inspect/'],
  ['experiments/'],
  ['cli/', 'index.ts', 'inline.ts', 'node.ts', 'keras.ts'],
];
/** Of the core, from the bottom up: each file needs lines before its own alone. */
const CORE = [
  ['deferred', 'frozenBeside', 'graph', 'heirs', 'init', 'scope', 'tape'],
  ['tensor'],
  ['eager', 'leaks'],
  ['apply', 'create'],
  ['gradients'],
];
const THROUGH_OPS = ['nn/', 'optim/', 'models/'];
/** Small packages that the bundles contain, so that nobody who installs residua needs them. */
const BUNDLED = ['valibot'];
const MEMORY = /\bmemory\.buffer\b|\bWebAssembly\.Memory\b/i;

const source = join(root, 'ts');
const problems = [];

/** `nn/` for a file of a folder, its name for a door at the top. */
function unitOf(file) {
  const path = relative(source, file).replaceAll('\\', '/');
  return path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : path;
}

const rankOf = (unit) => LAYERS.findIndex((units) => units.includes(unit));

function isTypeOnly(statement) {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  const clause = statement.importClause;
  if (!clause) return false;
  const named = clause.namedBindings;
  const onlyTypes =
    !clause.name && named && ts.isNamedImports(named) && named.elements.every((e) => e.isTypeOnly);
  return clause.isTypeOnly || Boolean(onlyTypes);
}

/** Every import of a file; `static` when running the file needs the imported one first. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  const needed = new Set();
  for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.ES2022).statements) {
    const isImport = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement);
    if (isImport && statement.moduleSpecifier && !isTypeOnly(statement)) {
      needed.add(statement.moduleSpecifier.text);
    }
  }
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => ({
    name: fileName,
    path: fileName.startsWith('.') ? join(dirname(file), fileName) : undefined,
    static: needed.has(fileName),
  }));
}

const files = readdirSync(source, { recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(source, name));
const graph = new Map(files.map((file) => [file, importsOf(file)]));
const show = (file) => relative(root, file).replaceAll('\\', '/');

function checkDirection(file, imports) {
  const unit = unitOf(file);
  for (const { path, name } of imports) {
    if (path === undefined || !path.startsWith(source)) continue;
    const target = unitOf(path);
    const up = rankOf(target) > rankOf(unit);
    const sideways = rankOf(target) === rankOf(unit) && target !== unit && target.endsWith('/');
    if (up || sideways) problems.push(`${show(file)}: ${unit} may not import ${target} (${name})`);
    if (target === 'kernels/' && THROUGH_OPS.includes(unit)) {
      problems.push(`${show(file)}: ${unit} reaches kernels only through ops (${name})`);
    }
  }
}

function checkMemory(file) {
  if (unitOf(file) === 'kernels/') return;
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.forEach((line, i) => {
    if (MEMORY.test(line)) {
      problems.push(
        `${show(file)}:${i + 1}: only ts/kernels/ may touch WASM memory, which moves as it grows`,
      );
    }
  });
}

/** What index.ts needs must load in a page: no packages and no Node modules. */
function checkCore() {
  const entry = join(source, 'index.ts');
  const queue = existsSync(entry) ? [entry] : [];
  const seen = new Set(queue);
  for (const file of queue) {
    for (const { name, path, static: needed } of graph.get(file) ?? []) {
      if (needed && path === undefined && !BUNDLED.includes(name)) {
        problems.push(
          `${show(file)}: part of index.ts, which needs no packages, but imports ${name}`,
        );
      }
      if (needed && path !== undefined && !seen.has(path)) {
        seen.add(path);
        queue.push(path);
      }
    }
  }
}

/** Files of the core that must be there before others can be. */
function checkOrder(file, imports) {
  const levelOf = (path) => CORE.findIndex((names) => names.includes(basename(path, '.ts')));
  if (unitOf(file) !== 'core/') return;
  if (levelOf(file) < 0) problems.push(`${show(file)}: has no place in the order of core/`);
  for (const { path, static: needed } of imports) {
    if (!needed || path === undefined || unitOf(path) !== 'core/') continue;
    if (levelOf(path) >= levelOf(file)) {
      problems.push(`${show(file)}: may not need ${show(path)}, which comes after it or beside it`);
    }
  }
}

/** Files whose values need each other, directly or by others. */
function checkCircles() {
  const done = new Set();
  const visit = (file, way) => {
    if (way.includes(file)) {
      const circle = [...way.slice(way.indexOf(file)), file].map(show).join(' → ');
      problems.push(`circle of values: ${circle}`);
      return;
    }
    if (done.has(file)) return;
    done.add(file);
    for (const { path, static: needed } of graph.get(file) ?? []) {
      if (needed && path !== undefined) visit(path, [...way, file]);
    }
  };
  for (const file of graph.keys()) visit(file, []);
}

/** The table of ARCHITECTURE.md has the same rooms in the same order. */
function checkTable() {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const [, table = ''] = /\n## Layers\n([\s\S]*?)\n## /.exec(text) ?? [];
  const cells = table.split('\n').flatMap((line) => /^\| (`.*?) \|/.exec(line)?.[1] ?? []);
  const told = cells.map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  if (JSON.stringify(told) !== JSON.stringify(LAYERS)) {
    const [here, there] = [LAYERS, told].map((lines) => lines.map(String).join(' | '));
    problems.push(`ARCHITECTURE.md: its table says ${there} but the layers are ${here}`);
  }
}

for (const [file, imports] of graph) {
  checkDirection(file, imports);
  checkOrder(file, imports);
  checkMemory(file);
  if (rankOf(unitOf(file)) < 0) problems.push(`${show(file)}: is in no layer`);
}
checkCore();
checkCircles();
checkTable();
for (const problem of problems) console.error(problem);
console.log(`layers: ${files.length} files, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
