// `npm start`: sets up what is missing, then runs the command-line tool, by default `residua train` into a fresh folder.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fail, setUp } from './setup.mjs';
import { buildsFor } from './setup/buildsFor.mjs';
import { dist } from './setup/paths.mjs';

const args = process.argv.slice(2);

await setUp('start', buildsFor(args)).catch(fail);

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
