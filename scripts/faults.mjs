// `node scripts/faults.mjs`: the tests of corrupted files, killed runs and workers that end, with many more of each than `npm test` has.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { root } from './setup/paths.mjs';

const HELP = `node scripts/faults.mjs [options]

  --files N  corrupted files of each format, 5000 by default
  --kills N  kills of a training run, 40 by default
  --deaths N ends of a worker, 20 by default
  --seed N   that of an earlier run, which it printed
  --help`;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '40' },
    deaths: { type: 'string', default: '20' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
} else {
  const tests = [
    'test/io/corruptedFiles.test.ts',
    'test/cli/kills.test.ts',
    'test/faults/workerDeaths.test.ts',
  ];
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'core', ...tests], {
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
