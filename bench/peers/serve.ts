import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import process from 'node:process';
import { readExample } from './network/exampleFile.ts';
import { peakMemory } from './peakMemory.ts';
import type { Reply, Request } from './protocol.ts';
import type { Job, Runtime } from './runtimes/runtime.ts';
import { visit } from './visit.ts';

/** File descriptor for replies: what runtimes print goes elsewhere. */
const REPLIES = 3;

/** Largest difference from the expected values in units of the largest of these. */
export function deviation(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    // A NaN is a difference.
    const error = Math.abs(found[i]! - expected[i]!);
    difference = error <= difference ? difference : error;
  }
  return difference / largest;
}

/** Losses of the first steps are compared, so so many are sent. */
const FIRST_STEPS = 3;

/**
 * Makes a network ready, tells of its first result, and then does what each line of standard input asks for: otherwise
 * the process sleeps.
 */
export async function serve(runtime: Runtime, job: Job): Promise<void> {
  const reply = (message: Reply): void => void writeSync(REPLIES, `${JSON.stringify(message)}\n`);
  const example = await readExample(join(job.files, 'example.safetensors'));
  const { run, facts, phases, simd } = await runtime(job, example);
  const start = performance.now();
  const first = await run();
  const firstRunMs = performance.now() - start;
  reply({ kind: 'first' });
  const losses: number[] = [];
  let difference = 0;
  if (typeof first === 'number') {
    losses.push(first);
    while (losses.length < FIRST_STEPS) losses.push((await run()) as number);
  } else {
    difference = deviation(first, example.logits);
  }
  const told = { facts, firstRunMs, phases, simd, runtime: `node ${process.versions.node}` };
  reply({ kind: 'ready', ...told, deviation: difference, losses });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    if (request.kind === 'visit') {
      reply({ kind: 'visited', ms: await visit(run, request.visitMs) });
    } else {
      reply({ kind: 'memory', peakBytes: peakMemory() });
    }
  }
  process.exit(0);
}
