// Checks ARCHITECTURE.md's import rules over ts/: imports go down only, no packages in the core.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root } from './setup/paths.mjs';

/** From the bottom up; a folder may import itself and lower lines, the files of a line may import each other. */
const LAYERS = [
  ['errors.ts', 'nearestName.ts', 'settings.ts', 'shape.ts', 'symbols.ts'],
  ['kernels/'],
  ['ops/'],
  ['core'],
  ['nn/', 'optim/'],
  ['io/'],
  ['models/', 'data/', 'compile/'],
  ['train/', 'inspect/'],
  ['experiments/'],
  ['cli/', 'index.ts', 'node.ts', 'keras.ts'],
];
const THROUGH_OPS = ['nn/', 'optim/', 'models/'];
/** Small packages that the bundles contain, so that nobody who installs residua needs them. */
const BUNDLED = ['valibot'];
const MEMORY = /\bmemory\.buffer\b|\bWebAssembly\.Memory\b/i;

const source = join(root, 'ts');
const problems = [];

/** `nn/` for a file of a folder, its name for a listed file at the top, else `core` (apply, tensor, functions ...). */
function unitOf(file) {
  const path = relative(source, file).replaceAll('\\', '/');
  const name = path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : path;
  return LAYERS.flat().includes(name) ? name : 'core';
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
const show = (file) => relative(root, file);

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

for (const [file, imports] of graph) {
  checkDirection(file, imports);
  checkMemory(file);
}
checkCore();
for (const problem of problems) console.error(problem);
console.log(`layers: ${files.length} files, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
