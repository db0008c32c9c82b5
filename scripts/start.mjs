// `npm start`: sets up what is missing, then runs the command-line tool, by default `residua train` into a fresh folder.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fail, setUp } from './setup.mjs';
import { dist } from './setup/paths.mjs';
import { buildOfThisNode } from './setup/wasm.mjs';

const args = process.argv.slice(2);
const strict = args.some(
  (arg, i) =>
    /^(--numerics=)?strict$/.test(arg) && (arg !== 'strict' || args[i - 1] === '--numerics'),
);
await setUp('start', [strict ? 'simd-threads' : buildOfThisNode()]).catch(fail);

const isCommand = args.length > 0 && !args[0].startsWith('-');
const child = spawn(
  process.execPath,
  [join(dist, 'cli.js'), ...(isCommand ? [] : ['train']), ...args],
  {
    stdio: 'inherit',
  },
);
// The terminal sends Ctrl-C to the child as well; this process waits for it to finish its step.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
