// `npm run bench -- startup [--models resnet18,resnet50] [--threads 1] [--simd 128,256] [--vs litert,…] [--rounds 7] [--json]`:
// from the start of a process to its first result.
import { buildPeers, makeReady, runPeers } from '../peers/run.mjs';

/** Installs the peers if they are not there, bundles, and compares; resolves to the exit code. */
export async function benchStartup(args) {
  await buildPeers({ in: '../startup/main.ts', out: 'startup' });
  await makeReady();
  return runPeers('startup.js', args);
}
