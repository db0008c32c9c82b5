import { CommanderError } from 'commander';
import process from 'node:process';
import { say } from './say.ts';

/** A mistake in the command line that commander cannot see; ends with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Says what went wrong in one line and gives the exit code: 2 for mistakes in the command line, 1 for the rest. */
export function report(error: unknown): number {
  // Commander has said its part already; help and version end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  say(message.replaceAll(/\s*\n\s*/g, ' '));
  if (process.env['RESIDUA_DEBUG']) process.stderr.write(`${stack}\n`);
  return error instanceof UsageError ? 2 : 1;
}
