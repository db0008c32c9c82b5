import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transpose } from '../formats/channelsFirst.ts';
import { REASON } from '../formats/writeOrtArtifacts.ts';
import { importPeer } from '../importPeer.ts';
import type { Runtime } from './runtime.ts';

interface OrtTraining {
  readonly env: { readonly wasm: { numThreads?: number; wasmPaths?: string } };
  readonly Tensor: new (
    type: 'float32' | 'int64',
    data: Float32Array | BigInt64Array,
    shape: readonly number[],
  ) => unknown;
  readonly TrainingSession: {
    create(files: {
      checkpointState: Uint8Array;
      trainModel: Uint8Array;
      optimizerModel: Uint8Array;
    }): Promise<{
      readonly trainingOutputNames: readonly string[];
      runTrainStep(feeds: object): Promise<Record<string, { data: Float32Array }>>;
      runOptimizerStep(): Promise<void>;
      lazyResetGrad(): Promise<void>;
    }>;
  };
}

/** onnxruntime-web's training build, with AdamW, the only optimizer it has. */
export const onnxruntimeTraining: Runtime = async ({ threads, files }, example) => {
  const reason = join(files, REASON);
  if (existsSync(reason)) throw new Error(await readFile(reason, 'utf8'));
  // The package hides the build from Node; beside its page, whose origin files share, it finds its workers.
  Object.assign(globalThis, { location: { origin: 'null', href: 'file:///' } });
  const main = createRequire(import.meta.url).resolve('onnxruntime-web-training');
  const folder = pathToFileURL(join(dirname(main), '/')).href;
  const ort = await importPeer<OrtTraining>(`${folder}ort.training.wasm.min.mjs`);
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = folder;
  const read = async (name: string): Promise<Uint8Array> =>
    new Uint8Array(await readFile(join(files, name)));
  const session = await ort.TrainingSession.create({
    checkpointState: await read('checkpoint'),
    trainModel: await read('training_model.onnx'),
    optimizerModel: await read('optimizer_model.onnx'),
  });
  const { shape, images, labels } = example;
  const turned = transpose({ shape, data: images }, [0, 3, 1, 2]);
  const feeds = {
    images: new ort.Tensor('float32', turned.data, turned.shape),
    labels: new ort.Tensor('int64', BigInt64Array.from(labels, BigInt), [labels.length]),
  };
  const [loss] = session.trainingOutputNames as [string];
  return {
    facts: 'AdamW',
    run: async () => {
      const results = await session.runTrainStep(feeds);
      await session.runOptimizerStep();
      await session.lazyResetGrad();
      return results[loss]!.data[0]!;
    },
  };
};
