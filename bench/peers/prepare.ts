import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '../../ts/compile/compile.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { saveWeightsFile } from '../../ts/io/node/weightsFile.ts';
import { inMode } from '../../ts/nn/inMode.ts';
import { writeOnnx } from './formats/writeOnnx.ts';
import { writeOrtArtifacts, type PythonPlace } from './formats/writeOrtArtifacts.ts';
import { writeTflite } from './formats/writeTflite.ts';
import { captureNetwork } from './network/captureNetwork.ts';
import { createModel } from './network/createModel.ts';
import { writeExample } from './network/exampleFile.ts';
import { writeNetwork } from './network/networkFile.ts';
import type { Workload } from './workload.ts';

/** What is written for a workload. */
export interface Prepared {
  /** Folder of the files. */
  readonly files: string;
  /** Multiply and add count as two; a training step as three forward passes. */
  readonly flops: number;
}

/** Which files a set of peers wants beside those of every workload. */
export type Format = 'onnx' | 'ort-training' | 'tflite';

/** What is known of a folder that was written. */
interface Facts {
  /** Of the code that wrote it. */
  readonly stamp: string;
  readonly flops: number;
  readonly formats: readonly Format[];
}

async function readFacts(path: string, stamp: string): Promise<Facts | undefined> {
  if (!existsSync(path)) return undefined;
  const facts = JSON.parse(await readFile(path, 'utf8')) as Facts;
  return facts.stamp === stamp ? facts : undefined;
}

/** Values between -2 and 2 without a pattern that a kernel could profit from. */
const imagesOf = (count: number): Float32Array =>
  Float32Array.from(
    { length: count },
    (_, i) => ((Math.imul(i + 1, 2654435761) >>> 0) % 4001) / 1000 - 2,
  );

/**
 * Writes the network, its weights and an example into a folder of `cache`, in the formats that peers read, unless a
 * folder made by the same code is there. Needs an engine.
 */
export async function prepare(
  workload: Workload,
  formats: readonly Format[],
  cache: string,
  stamp: string,
  python: PythonPlace,
  note: (text: string) => void,
): Promise<Prepared> {
  const { pass, model: name, size, channels, batch } = workload;
  const files = join(cache, `${name}-${size}x${channels}-b${batch}-${pass}`);
  const facts = join(files, 'facts.json');
  const known = await readFacts(facts, stamp);
  if (known && formats.every((format) => known.formats.includes(format))) {
    return { files, flops: known.flops };
  }
  note(`${name} ${size}² b${batch}: writing ${['network', ...formats].join(', ')}`);
  await mkdir(files, { recursive: true });
  const model = createModel(workload);
  const shape = [batch, size, size, channels];
  await saveWeightsFile(model, join(files, 'weights.safetensors'));
  const network = captureNetwork(name, model, shape, pass === 'train');
  await writeNetwork(join(files, 'network.safetensors'), network);
  if (formats.includes('onnx')) await writeOnnx(join(files, 'network.onnx'), network);
  if (formats.includes('ort-training')) await writeOrtArtifacts(files, network, python);
  if (formats.includes('tflite')) await writeTflite(join(files, 'network.tflite'), network);
  const images = imagesOf(shape.reduce((a, b) => a * b, 1));
  const labels = Int32Array.from({ length: batch }, (_, i) => (7 * i) % 10);
  const plan = inMode(model, false, () =>
    compile((x) => model.forward(x), [{ shape, dtype: 'f32' }], { recording: false }),
  );
  const [logits] = (await plan.run(images)) as [Float32Array];
  await writeExample(join(files, 'example.safetensors'), { shape, images, labels, logits });
  const once = planRows(plan).reduce((sum, row) => sum + row.flops, 0);
  const flops = pass === 'train' ? 3 * once : once;
  plan.dispose();
  model.dispose();
  const written: Facts = { stamp, flops, formats };
  await writeFile(facts, JSON.stringify(written));
  return { files, flops };
}
