#!/usr/bin/env node
/** Entry of the `residua` program. */
import { createRequire } from 'node:module';
import process from 'node:process';
import { report } from './terminal/fail.ts';
import { program } from './program.ts';

const manifest = createRequire(import.meta.url)('residua/package.json') as { version: string };

try {
  const root = await program(manifest.version, process.argv[2]);
  await root.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
