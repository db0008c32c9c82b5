// The table of passes in ARCHITECTURE.md, made of the comments that their files open with. Checks it, or writes it with --write.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup/paths.mjs';

const START = '<!-- passes: scripts/passTable.mjs -->';
const END = '<!-- /passes -->';
const FIELDS = ['before', 'after', 'when', 'bits'];

const folder = join(root, 'ts/compile/passes');
const architecture = join(root, 'ARCHITECTURE.md');

/** The passes in the order in which optimize.ts runs them. */
function passes() {
  const text = readFileSync(join(root, 'ts/compile/optimize.ts'), 'utf8');
  const code = text.replace(/^import .*$/gm, '');
  const names = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  const placeOf = (name) => code.search(new RegExp(`\\b${name}\\b`));
  const unused = names.filter((name) => placeOf(name) < 0);
  if (unused.length > 0) throw new Error(`optimize.ts runs no ${unused.join(', ')}`);
  return names.sort((a, b) => placeOf(a) - placeOf(b));
}

/** What a pass's file says of it: the first sentence, and the fields below. */
function headerOf(name) {
  const text = readFileSync(join(folder, `${name}.ts`), 'utf8');
  const [, comment] = /^\/\*\n([^]*?) \*\//.exec(text) ?? [];
  if (!comment) throw new Error(`passes/${name}.ts does not open with a comment`);
  const lines = comment.split('\n').map((line) => line.slice(3));
  const [sentence] = lines.join(' ').split(/(?<=\.) /);
  const fields = new Map(lines.map((line) => /^(\w+) +(.+)$/.exec(line)?.slice(1) ?? []));
  for (const field of FIELDS) {
    if (!fields.has(field)) throw new Error(`passes/${name}.ts does not say ${field}`);
  }
  const [when] = fields.get('when').split(';');
  return { sentence: sentence.trim(), when, bits: fields.get('bits') };
}

function table() {
  const rows = passes().map((name) => {
    const { sentence, when, bits } = headerOf(name);
    return `| \`${name}\` | ${sentence} | ${when} | ${bits} |`;
  });
  return ['| pass | what it does | when | bits |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const text = readFileSync(architecture, 'utf8');
const [start, end] = [text.indexOf(START), text.indexOf(END)];
if (start < 0 || end < start) throw new Error(`ARCHITECTURE.md has no ${START} … ${END}`);
const wanted = `${text.slice(0, start)}${START}\n\n${table()}\n\n${text.slice(end)}`;
if (values.write) writeFileSync(architecture, wanted);
else if (wanted !== text) {
  console.error(
    'ARCHITECTURE.md: its table of passes is not that of the files: run node scripts/passTable.mjs --write',
  );
  process.exitCode = 1;
}
