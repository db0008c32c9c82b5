// `npm start`: sets up what is missing, then runs the command-line tool, by default `residua train` into a fresh folder.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fail, setUp } from './setup.mjs';
import { dist } from './setup/paths.mjs';
import { allBuilds, buildOfThisNode } from './setup/wasm.mjs';

const args = process.argv.slice(2);

/** Value of an option of the command-line tool, given as `--name value` or `--name=value`. */
function option(name) {
  const index = args.findLastIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  return index < 0 ? undefined : (args[index].split('=')[1] ?? args[index + 1]);
}

/** One build, unless only the run that goes on knows which. */
function builds() {
  if (option('--resume') !== undefined) return allBuilds;
  const threads = Number(option('--threads'));
  return [buildOfThisNode({ threads, strict: option('--numerics') === 'strict' })];
}

await setUp('start', builds()).catch(fail);

const isCommand = args.length > 0 && !args[0].startsWith('-');
const child = spawn(
  process.execPath,
  [join(dist, 'cli.js'), ...(isCommand ? [] : ['train']), ...args],
  {
    stdio: 'inherit',
  },
);
// The child ends after the step it is in; this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
