import { spawn } from 'node:child_process';

/** Runs a program of Node with this process's streams and resolves to its exit code. */
export function runNode(args, binary = process.execPath) {
  const child = spawn(binary, args, { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM'];
  const pass = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => {
      for (const signal of signals) process.off(signal, pass);
      resolve(code ?? 1);
    });
  });
}
