import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../scripts/setup/paths.mjs';

/** An `@example` of a public function, class or type. */
export interface Example {
  /** File and name, as `ts/functions/relu.ts: relu`. */
  readonly name: string;
  readonly code: string;
}

/** The examples of all docstrings under `ts/`. */
export function findExamples(): Example[] {
  const folder = join(root, 'ts');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('kernels/assets/'))
    .sort();
  return files.flatMap((file) => examplesOf(file, readFileSync(join(folder, file), 'utf8')));
}

function examplesOf(file: string, text: string): Example[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found: Example[] = [];
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) {
      const own = tag.parent.parent === node;
      if (!own || tag.tagName.text !== 'example') continue;
      const name = nameOf(node);
      const text = (ts.getTextOfJSDocComment(tag.comment) ?? '').trim();
      const [, code = text] = /^```ts\n([^]*)\n```$/.exec(text) ?? [];
      found.push({ name: `ts/${file}: ${name}`, code });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node: ts.Node): string {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]!.name.getText();
  const { name } = node as { name?: ts.Node };
  return name?.getText() ?? '?';
}
