// A peer that needs nothing: `node fakePeer.mjs <behaviour> <ms of each run> [bits of its vectors]`.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [behaviour, ms, bits] = process.argv.slice(2);
const reply = (message) => writeSync(3, `${JSON.stringify(message)}\n`);

console.log('what a runtime prints is not taken for an answer');
if (behaviour === 'absent') {
  reply({ kind: 'failed', reason: 'the package is not installed' });
  process.exit(1);
}
if (behaviour === 'crashes') throw new Error('out of bounds');
reply({ kind: 'first' });
const deviation = behaviour === 'wrong' ? 0.5 : 1e-6;
const losses = behaviour === 'diverges' ? [2, 3, 4] : [2, 1.5, 1];
const phases = behaviour === 'starts' ? { node: 20, compile: 30 } : undefined;
const about = { facts: 'fake', runtime: 'node 1.0.0', ...(bits && { simd: Number(bits) }) };
reply({ kind: 'ready', ...about, firstRunMs: 15, phases, deviation, losses });
for await (const line of createInterface({ input: process.stdin })) {
  const { kind } = JSON.parse(line);
  if (kind === 'visit' && behaviour === 'dies') process.exit(1);
  if (kind === 'visit') reply({ kind: 'visited', ms: [Number(ms), Number(ms) + 2] });
  if (kind === 'memory') reply({ kind: 'memory', peakBytes: 5e6 });
}
