// `node scripts/faults.mjs`: the tests of corrupted files, killed runs and workers that end, with many more of each than `npm test` has.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup/paths.mjs';

const HELP = `node scripts/faults.mjs [options]

  --files N  corrupted files of each format, 5000 by default
  --kills N  kills of a training run, 40 by default
  --deaths N ends of a worker, 20 by default
  --seed N   that of an earlier run, which it printed
  --list     say which tests it runs, and run none
  --help`;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '40' },
    deaths: { type: 'string', default: '20' },
    seed: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
/** Tests whose counts the options set. */
const TESTS = [
  'test/io/damagedFiles.test.ts',
  'test/data/corruptedPictures.test.ts',
  'test/faults/kills.test.ts',
  'test/faults/workerDeaths.test.ts',
];

function run() {
  // Vitest passes over a file that is not there.
  const missing = TESTS.find((file) => !existsSync(join(root, file)));
  if (missing) throw new Error(`faults: ${missing} is not there`);
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'core', ...TESTS], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      RESIDUA_FILES: values.files,
      RESIDUA_KILLS: values.kills,
      RESIDUA_DEATHS: values.deaths,
      ...(values.seed && { RESIDUA_SEED: values.seed }),
    },
  });
  process.exitCode = status ?? 1;
}

if (values.help) console.log(HELP);
else if (values.list) console.log(TESTS.join('\n'));
else run();
