import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transpose } from '../formats/channelsFirst.ts';
import { importPeer } from '../importPeer.ts';
import type { Runtime } from './runtime.ts';

interface Ort {
  readonly env: {
    readonly versions: { readonly common: string };
    readonly wasm: { numThreads?: number };
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(
      model: string | Uint8Array,
      options: object,
    ): Promise<{
      run(feeds: object): Promise<Record<string, { data: Float32Array }>>;
    }>;
  };
}

/** ONNX Runtime, native or compiled to WASM, with all of its graph optimisations. */
const onnxruntime =
  (name: 'onnxruntime-node' | 'onnxruntime-web'): Runtime =>
  async ({ threads, files }, { shape, images }) => {
    const ort = await importPeer<Ort>(name);
    const native = name === 'onnxruntime-node';
    if (!native) ort.env.wasm.numThreads = threads;
    const path = join(files, 'network.onnx');
    const session = await ort.InferenceSession.create(native ? path : await readFile(path), {
      executionProviders: [native ? 'cpu' : 'wasm'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
    });
    const turned = transpose({ shape, data: images }, [0, 3, 1, 2]);
    const input = new ort.Tensor('float32', turned.data, turned.shape);
    return {
      facts: '',
      run: async () => (await session.run({ images: input }))['logits']!.data,
    };
  };

/** onnxruntime-node: native code. */
export const onnxruntimeNode = onnxruntime('onnxruntime-node');

/** onnxruntime-web: WASM. */
export const onnxruntimeWeb = onnxruntime('onnxruntime-web');
