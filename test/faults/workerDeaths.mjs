// Ends workers of a team while a network trains on it: the run must say so, and what it computed before must be right.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { copyAssets } from '../../scripts/setup/bundle.mjs';
import { localCache, root } from '../../scripts/setup/paths.mjs';

/** After so long a process that has not ended is taken to be blocked. */
const BLOCKED_MS = 120_000;

async function buildFixture() {
  const folder = join(localCache, 'faults-fixture');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/faults/fixture/dyingTeam.ts'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  copyAssets(join(folder, 'assets'));
  return join(folder, 'dyingTeam.mjs');
}

/** Runs a program; its code (null when it was blocked and had to be ended) and what it said. */
function runScript([program, ...flags], args) {
  const child = spawn(program, [...flags, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), BLOCKED_MS);
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/**
 * Ends `count` workers, one a process, where the caller and where a worker leads in turn; throws with the seed of the first
 * that is not told as it must be.
 *
 * @param {{ count: number, seed: number, command?: string[], say?: (line: string) => void }} options
 *   `command` runs a script, Node by default
 */
export async function endWorkers({ count, seed, command = [process.execPath], say = () => {} }) {
  const script = await buildFixture();
  for (let i = 0; i < count; i++) {
    const args = [String(seed + i), i % 2 ? 'remote' : 'local'];
    const { code, stdout, stderr } = await runScript([...command, script], args);
    const fail = (problem) => {
      throw new Error(`worker death ${args.join(' ')}: ${problem}\n${stdout}${stderr}`);
    };
    if (code === null) fail('the process is blocked');
    if (code !== 0) fail(`the process ended with code ${code}`);
    const found = JSON.parse(stdout);
    if (!found.said.includes('a worker ended: ')) fail('the run did not say that a worker ended');
    if (!found.readable) fail('weights are not finite');
    if (found.wrong >= 0) fail(`the loss of step ${found.wrong} is wrong`);
    say(
      `${args.join(' ')}: ${found.threads} threads, ${found.when}, ${found.steps} steps: ${found.said}`,
    );
  }
}
