/** A process of its own for one peer: `node peer.js <peer> <job as JSON>`. */
import { writeSync } from 'node:fs';
import process from 'node:process';
import type { Job, Runtime } from './runtimes/runtime.ts';
import { serve } from './serve.ts';

const runtimes: Readonly<Record<string, () => Promise<Runtime>>> = {
  'jax-js': async () => (await import('./runtimes/jaxTrain.ts')).jaxTrain,
  litert: async () => (await import('./runtimes/litert.ts')).litert,
  'tfjs-wasm': async () => (await import('./runtimes/tfjs.ts')).tfjs,
  'onnxruntime-web-training': async () =>
    (await import('./runtimes/onnxruntimeTraining.ts')).onnxruntimeTraining,
  residua: async () => (await import('./runtimes/residua.ts')).residua,
  'onnxruntime-node': async () => (await import('./runtimes/onnxruntime.ts')).onnxruntimeNode,
  'onnxruntime-web': async () => (await import('./runtimes/onnxruntime.ts')).onnxruntimeWeb,
};

const [name, job] = process.argv.slice(2) as [string, string];
try {
  await serve(await runtimes[name]!(), JSON.parse(job) as Job);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  writeSync(3, `${JSON.stringify({ kind: 'failed', reason })}\n`);
  process.exit(1);
}
