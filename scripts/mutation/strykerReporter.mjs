import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';

const names = new Map();

/** Stryker counts lines and columns from 0 until it reports them. */
const fromZero = ({ line, column }) => ({ line: line - 1, column: column - 1 });

/** Appends each mutant's result to a file as soon as it is there, so that a run that was ended goes on from it. */
const lines = {
  onDryRunCompleted({ result }) {
    for (const { id, name, fileName } of result.tests) {
      names.set(id, `${fileName ? relative(process.cwd(), fileName) : ''}: ${name}`);
    }
  },
  onMutantTested({ fileName, location, mutatorName, replacement, status, killedBy = [] }) {
    const file = relative(process.cwd(), fileName).replaceAll('\\', '/');
    const place = { start: fromZero(location.start), end: fromZero(location.end) };
    const line = { file, location: place, mutator: mutatorName, replacement, status };
    const killer = killedBy[0] && (names.get(killedBy[0]) ?? killedBy[0]);
    appendFileSync(process.env.RESIDUA_MUTANTS, `${JSON.stringify({ ...line, killer })}\n`);
  },
};

export const strykerPlugins = [{ kind: 'Reporter', name: 'lines', value: lines }];
