import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

/**
 * Mutants that no right test can tell from the sources, as a person found, with the reason. They are known by their
 * lines and not by a number, which moves.
 */
const equivalents = JSON.parse(
  readFileSync(join(root, 'scripts/mutation/equivalent.json'), 'utf8'),
);

const squeezed = (code) => code.replace(/\s+/g, ' ').trim();

function reasonOf({ file, before, after }) {
  return equivalents.find(
    (one) =>
      file.endsWith(one.file) && one.before === squeezed(before) && one.after === squeezed(after),
  )?.reason;
}

/** A table by folder, and the survivors. */
export function report(rows) {
  const judged = rows.map((row) => ({ ...row, reason: row.by ? undefined : reasonOf(row) }));
  const table = [...new Set(judged.map(({ folder }) => folder)), 'all'].map((folder) => {
    const own = judged.filter((row) => folder === 'all' || row.folder === folder);
    const count = (test) => own.filter(test).length;
    return {
      folder,
      mutants: own.length,
      'killed by own tests': count(({ by }) => by === 'own'),
      'killed by core': count(({ by }) => by === 'core'),
      survived: count(({ by, reason }) => !by && !reason),
      equivalent: count(({ reason }) => reason),
    };
  });
  console.table(table);
  for (const { file, line, before, after, by, reason } of judged) {
    if (by) continue;
    console.log(`\n${reason ? `equivalent, ${reason}` : 'survived'}: ${file}:${line}`);
    console.log(`- ${squeezed(before)}\n+ ${squeezed(after)}`);
  }
}
