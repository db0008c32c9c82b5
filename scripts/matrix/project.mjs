// Fresh projects with the packed package, and commands in them.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { npm } from '../setup/packages.mjs';
import { root } from '../setup/paths.mjs';

/** A folder for everything that a run of the matrix makes. */
export const makeFolder = () => mkdtempSync(join(tmpdir(), 'residua-matrix-'));

/** Packs the clone, which must be built; the path of the tarball. */
export async function pack(folder) {
  const flags = ['--ignore-scripts', '--json', '--pack-destination', folder];
  await npm('npm pack', ['pack', ...flags], { quiet: true });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return join(folder, `residua-${version}.tgz`);
}

/** Makes a project that has the app, whose entries are those of the row, the row's files and its packages, each of one version. */
export async function makeProject(folder, tarball, row) {
  const { packages = {}, files = {}, manifest = {}, entries = {} } = row;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'test/matrix/app'), folder, { recursive: true });
  for (const [entry, other] of Object.entries(entries))
    cpSync(join(folder, other), join(folder, entry));
  const all = {
    'package.json': JSON.stringify({
      name: 'app',
      private: true,
      type: 'module',
      dependencies: { residua: `file:${tarball}`, ...packages },
      ...manifest,
    }),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  await npm('npm install', ['install', ...flags], { cwd: folder, quiet: true });
}

/** The environment in which a project's own programs come first. */
function environment(folder, port) {
  const path = [
    join(folder, 'node_modules/.bin'),
    dirname(process.execPath),
    process.env.PATH,
  ].join(delimiter);
  const quiet = { NO_COLOR: '1', CI: '1', NEXT_TELEMETRY_DISABLED: '1', DENO_NO_UPDATE_CHECK: '1' };
  const own = { ...process.env, ...quiet, PATH: path, ...(port && { PORT: String(port) }) };
  delete own.FORCE_COLOR;
  return own;
}

/** Starts a command in a project, in a group of its own. `output` gathers what it writes. */
export function start([command, ...args], folder, port) {
  const child = spawn(command, args, {
    cwd: folder,
    env: environment(folder, port),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const running = { output: '', stdout: '', code: undefined };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    running.stdout += text;
    running.output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    running.output += text;
  });
  running.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal));
  }).then((code) => (running.code = code));
  running.stop = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    return running.ended;
  };
  return running;
}

const MOST_SECONDS = 300;

/** Runs a command to its end. Throws with what it wrote, unless it ends with 0. */
export async function execute(command, folder) {
  const running = start(command, folder);
  const timer = setTimeout(() => void running.stop(), MOST_SECONDS * 1000);
  const code = await running.ended;
  clearTimeout(timer);
  if (code === 0) return running;
  const tail = running.output.trimEnd().split('\n').slice(-30).join('\n');
  throw new Error(`${command.join(' ')} ended with ${code}\n${tail}`);
}

/** Numbers of the app in Node, which every row must give, bit for bit. */
export async function expectedNumbers(folder, tarball) {
  const project = join(folder, 'expected');
  await makeProject(project, tarball, {});
  const { stdout } = await execute(['node', 'program.js'], project);
  const { loss, probabilities, error } = JSON.parse(stdout);
  if (error) throw new Error(error);
  return [loss, ...probabilities];
}
