/** Refuses arguments that name what does not exist, before anything is installed for them. */
import process from 'node:process';
import { parseOptions } from './options.ts';

try {
  parseOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`residua: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
