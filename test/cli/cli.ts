import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** What a run of the program left. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program at work. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
}

/** Starts the built program; 80 columns, no terminal. */
export function start(
  args: readonly string[],
  options: { cwd?: string; env?: object; node?: string | undefined } = {},
): Running {
  if (!existsSync(program)) throw new Error('dist/cli.js is not there: run npm run build');
  const child = spawn(options.node ?? process.execPath, [program, ...args], {
    cwd: options.cwd,
    env: { ...process.env, COLUMNS: '80', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs the built program to its end. */
export const residua = (...args: string[]): Promise<Outcome> => start(args).ended;

/** Flags of a training run of a second or so. */
export const quick = [
  '--model',
  'resnet8',
  '--limit',
  '256',
  '--test-limit',
  '200',
  '--batch',
  '64',
];
