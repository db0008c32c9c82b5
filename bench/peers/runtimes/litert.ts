import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importPeer } from '../importPeer.ts';
import type { Runtime } from './runtime.ts';

interface LiteRtTensor {
  moveTo(place: 'wasm'): Promise<LiteRtTensor>;
  toTypedArray(): Float32Array;
  delete(): void;
}

interface LiteRt {
  readonly Tensor: new (data: Float32Array, shape: readonly number[]) => LiteRtTensor;
  loadLiteRt(folder: string, options: { threads: boolean }): Promise<unknown>;
  loadAndCompile(
    model: Uint8Array,
    options: { accelerator: 'wasm'; cpuOptions: { numThreads: number } },
  ): Promise<{ run(inputs: readonly LiteRtTensor[]): Promise<LiteRtTensor[]> }>;
}

/** Where run.mjs copies the scripts of the package to: as CommonJS, which they are. */
const folder = fileURLToPath(new URL('./litert/', import.meta.url));

/** LiteRT.js: TensorFlow Lite with XNNPACK as WASM. It is made for pages, which are stood in for. */
export const litert: Runtime = async ({ threads, files }, { shape, images }) => {
  const require = createRequire(import.meta.url);
  Object.assign(globalThis, {
    self: globalThis,
    importScripts: (script: string) => {
      Object.assign(globalThis, { ModuleFactory: require(script) as unknown });
    },
  });
  const { Tensor, loadLiteRt, loadAndCompile } = await importPeer<LiteRt>('@litertjs/core');
  await loadLiteRt(folder, { threads: threads > 1 });
  const model = await loadAndCompile(await readFile(join(files, 'network.tflite')), {
    accelerator: 'wasm',
    cpuOptions: { numThreads: threads },
  });
  const input = new Tensor(images, shape);
  return {
    facts: 'XNNPACK, relaxed SIMD',
    run: async () => {
      const [output] = (await model.run([input])) as [LiteRtTensor];
      const logits = output.toTypedArray().slice();
      output.delete();
      return logits;
    },
  };
};
