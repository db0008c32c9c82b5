import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Network } from '../network/layers.ts';
import { writeOnnx } from './writeOnnx.ts';

/** The last version that trains in WASM, what its files are written with, and what it imports. */
const PACKAGES = [
  'onnxruntime-training-cpu==1.19.2',
  'onnx==1.16.2',
  'protobuf==4.25.5',
  'flatbuffers==24.3.25',
  'packaging==24.1',
  'cerberus==1.3.5',
];

/** File in the folder of a workload that says why the others could not be written. */
export const REASON = 'training.reason';

/** How Python is found, and where this project may put packages for it. */
export interface PythonPlace {
  readonly python: string;
  readonly packages: string;
  /** `ort_artifacts.py`. */
  readonly script: string;
}

/**
 * Writes a network in training mode, and the files that onnxruntime-web's training build makes of it in Python, which
 * gets the packages for that first. Where it cannot, {@link REASON} says why.
 */
export async function writeOrtArtifacts(
  files: string,
  network: Network,
  { python, packages, script }: PythonPlace,
): Promise<void> {
  await writeOnnx(join(files, 'network.onnx'), network);
  await writeFile(join(files, 'parameters.json'), JSON.stringify(network.parameters));
  const run = (args: readonly string[]): string | undefined => {
    const env = { ...process.env, PYTHONPATH: packages };
    const { status, stderr, error } = spawnSync(python, args, { env, encoding: 'utf8' });
    if (status === 0) return undefined;
    return error?.message ?? stderr.trim().split('\n').at(-1) ?? 'it ended without a word';
  };
  const install = ['-m', 'pip', 'install', '-q', '--no-deps', '--target', packages, ...PACKAGES];
  const missing = existsSync(join(packages, 'onnxruntime')) ? undefined : run(install);
  const reason = missing ?? run([script, files]);
  if (reason === undefined) await rm(join(files, REASON), { force: true });
  else await writeFile(join(files, REASON), `${python}: ${reason}`);
}
