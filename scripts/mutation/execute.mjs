import { spawn } from 'node:child_process';
import { root } from '../setup/paths.mjs';

/** Programs of this run, each the head of a process group. */
const running = new Set();

function end({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

export const endPrograms = () => running.forEach(end);

/** Runs a program and resolves to its exit code, or to the signal that ended it, as after `timeout` milliseconds. */
export function execute(command, args, { env = process.env, cwd = root, quiet, timeout } = {}) {
  return new Promise((resolve, reject) => {
    const output = quiet ? 'ignore' : 'inherit';
    const options = { cwd, env, stdio: ['ignore', output, output], detached: true };
    const child = spawn(command, args, options);
    running.add(child);
    const timer = timeout && setTimeout(end, timeout, child);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve(code ?? signal);
    });
  });
}
