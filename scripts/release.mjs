// `npm run release -- 0.2.0 [--publish]`: version, changelog, package and page within their bounds, commit and tag; --publish sends it with provenance.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkPacked, checkVersion, releaseNotes } from './release/checks.mjs';
import { fail } from './setup.mjs';
import { npm } from './setup/packages.mjs';
import { root } from './setup/paths.mjs';
import { run, say, SetupError } from './setup/run.mjs';

const USAGE = 'npm run release -- VERSION [--publish]';

/** Tests of what is packed and of what a page loads. */
const BUDGETS = [
  join(root, 'node_modules/vitest/vitest.mjs'),
  ...['run', '--project', 'slow', 'test/package/page.test.ts', 'test/package/pack.test.ts'],
];

const output = (command, args) =>
  execFileSync(command, args, { cwd: root, encoding: 'utf8' }).trim();

async function packed() {
  await npm('build', ['run', 'build']);
  return JSON.parse(output('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']))[0];
}

async function main() {
  const options = { publish: { type: 'boolean', default: false } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [version] = positionals;
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version ?? '')) {
    throw new SetupError(`release: the version is ${version ?? 'missing'}: ${USAGE}`);
  }
  if (output('git', ['status', '--porcelain']) !== '') {
    throw new SetupError('release: there are changes that are not committed');
  }
  const { version: current } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  checkVersion(version, current, output('git', ['tag']).split('\n'));
  const file = join(root, 'CHANGELOG.md');
  const today = new Date().toISOString().slice(0, 10);
  const notes = releaseNotes(readFileSync(file, 'utf8'), version, today);
  checkPacked(await packed());
  await run('size of a page, contents of the package', process.execPath, BUDGETS);
  writeFileSync(file, notes);
  await npm('version', ['version', version, '--no-git-tag-version']);
  await run('commit', 'git', ['commit', '-qam', `chore(release): ${version}`]);
  await run('tag', 'git', ['tag', '-a', `v${version}`, '-m', `residua ${version}`]);
  if (values.publish) await npm('publish', ['publish', '--provenance', '--access', 'public']);
  else
    say(
      `release: v${version} is tagged; with --publish it is sent, from a CI that can vouch for it`,
    );
}

main().catch((error) => fail(error, ''));
