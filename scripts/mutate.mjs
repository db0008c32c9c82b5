// `node scripts/mutate.mjs`: changes the sources in many small ways, one at a time in a copy, and says which changes no test sees.
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { endPrograms } from './mutation/execute.mjs';
import { folder, removeCopies } from './mutation/paths.mjs';
import { report } from './mutation/report.mjs';
import { judgeRust } from './mutation/rust.mjs';
import { judgeTypeScript } from './mutation/typescript.mjs';

const HELP = `node scripts/mutate.mjs [options]

  --count N    mutants of TypeScript, 80 by default
  --rust N     mutants of the crate, 20 by default
  --seed TEXT  draws others; 1 by default. The same seed goes on where an earlier run was ended
  --folders A  folders of ts/ that mutants are drawn from, ops,compile,optim,train,nn by default
  --help

Hours on two cores. Results stay in .cache/mutation/, copies of the sources do not.`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '80' },
    rust: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    folders: { type: 'string', default: 'ops,compile,optim,train,nn' },
    help: { type: 'boolean', default: false },
  },
});

function numberOf(name) {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new RangeError(`--${name} is ${values[name]} but must be a whole number of at least 0`);
}

async function main() {
  const { seed } = values;
  const [count, rust] = [numberOf('count'), numberOf('rust')];
  removeCopies();
  mkdirSync(folder, { recursive: true });
  const folders = values.folders.split(',');
  const rows = count > 0 ? await judgeTypeScript({ folders, seed, count }) : [];
  if (rust > 0) rows.push(...(await judgeRust({ seed, count: rust })));
  report(rows);
}

process.on('exit', () => {
  endPrograms();
  removeCopies();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

if (values.help) console.log(HELP);
else await main();
