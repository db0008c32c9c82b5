import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cargoBin, root, toolsFolder } from './paths.mjs';

/** A set-up step that cannot go on; `advice` says what a person can do about it. */
export class SetupError extends Error {
  constructor(message, advice = '') {
    super(message);
    this.advice = advice;
  }
}

export function say(text) {
  process.stderr.write(`residua: ${text}\n`);
}

const NOTE_EVERY_MS = 15_000;

function ticker(label) {
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  const live = process.stderr.isTTY;
  let last = '';
  const show = () => {
    const line = `residua: ${label} (${seconds()} s) ${last}`;
    if (live) process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
    else process.stderr.write(`${line}\n`);
  };
  const timer = setInterval(show, live ? 500 : NOTE_EVERY_MS);
  return {
    output: (text) => {
      last = text.trim().split('\n').at(-1)?.trim() || last;
    },
    end: () => {
      clearInterval(timer);
      if (live) process.stderr.write('\r\x1b[2K');
      return seconds();
    },
  };
}

/**
 * Runs a program with its output kept back, showing only a line of progress.
 * Throws SetupError with the end of the output when it fails.
 */
export async function run(label, command, args, { advice, timeout, quiet, ...options } = {}) {
  if (!quiet) say(`${label} ...`);
  const progress = quiet ? { output() {}, end: () => 0 } : ticker(label);
  let output = '';
  const status = await new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      ...options,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        progress.output(text);
      });
    }
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  const seconds = progress.end();
  if (status !== 0) {
    const tail = output.trimEnd().split('\n').slice(-40).join('\n');
    throw new SetupError(
      `${label}: \`${command} ${args.join(' ')}\` ended with ${status}\n${tail}`,
      advice,
    );
  }
  if (!quiet) say(`${label}: done in ${seconds} s`);
  return output;
}

/** Standard output of a short program, or undefined when it is missing or fails. */
export function ask(command, args = [], env = process.env) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', env });
  return status === 0 ? stdout.trim() : undefined;
}

/** Full paths of a program: on PATH, in cargo's folder, among the tools this set-up compiled. */
export function findAll(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    cargoBin,
    join(toolsFolder, 'bin'),
  ];
  return folders
    .map((folder) => join(folder, name))
    .filter((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The first of `findAll`, or undefined. */
export const find = (name) => findAll(name)[0];

/** `process.env` with folders put before PATH. */
export function envWithPath(...folders) {
  return { ...process.env, PATH: [...folders, process.env.PATH].join(delimiter) };
}

export const isRoot = process.getuid?.() === 0;
