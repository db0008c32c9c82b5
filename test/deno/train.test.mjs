import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const script = path('../portable/run.mjs');
const dist = path('../../dist');

async function json(command, args) {
  const options = { args, stdout: 'piped', stderr: 'piped' };
  const { success, stdout, stderr } = await new Deno.Command(command, options).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout).trim().split('\n').at(-1));
}

const permissions = ['--no-prompt', '--no-lock', `--allow-read=${dist}`];
const inDeno = (file, ...args) => json(Deno.execPath(), ['run', ...permissions, file, ...args]);

const inNode = await json('node', [script]);
const bits = ({ losses, weights, logits }) => ({ losses, weights, logits });

Deno.test('strict training has the bits of Node', async () => {
  const result = await inDeno(script, '1');
  assert.deepEqual(bits(result), bits(inNode));
  assert.equal(result.build, 'simd');
});

Deno.test('strict training with two threads has the bits of Node with one', async () => {
  const result = await inDeno(script, '2');
  const threads = Math.min(2, navigator.hardwareConcurrency);
  assert.deepEqual(bits(result), bits(inNode));
  assert.equal(result.threads, threads);
  assert.equal(result.build, threads === 2 ? 'simd-threads' : 'simd');
});

Deno.test('the loss falls, and compiled inference is near eager', () => {
  const { losses } = inNode;
  assert.equal(losses.length, 10);
  const mean = (some) => some.reduce((sum, loss) => sum + loss, 0) / some.length;
  assert.ok(mean(losses.slice(-3)) < 0.95 * mean(losses.slice(0, 3)), losses.join(', '));
  assert.ok(inNode.eagerError < 2e-5, `${inNode.eagerError}`);
});

Deno.test('eager ops and plans run, and an open engine lets the program end', async () => {
  const result = await inDeno(path('eager.mjs'));
  assert.deepEqual(result.eager, [0, 2, 0, 4]);
  assert.deepEqual(result.planned, result.eager);
  assert.deepEqual(result.gradient, [0, 1, 0, 1]);
  assert.equal(result.numerics, 'fast');
});
