import type { Format } from './prepare.ts';

/** A runtime to compare with. */
export interface Peer {
  /** What `--vs` calls it. */
  readonly name: string;
  readonly passes: readonly ('infer' | 'train')[];
  /** The runtime that its process runs, where that has another name. */
  readonly runs?: string;
  /** The file that it reads, where that is not the network itself. */
  readonly format?: Format;
  /** The package of bench/peers whose version is told. */
  readonly package?: string;
  readonly language: 'node' | 'python';
  /** Whether it runs WASM, so that the width of vectors is the engine's. */
  readonly wasm?: boolean;
  /** Whether it compiles the network before it runs it, where its runtime also runs it as it is. */
  readonly compiled?: boolean;
  /** Whether it takes part only where `--vs` names it: it takes minutes, or needs what few machines have. */
  readonly onlyNamed?: boolean;
  /** Whether it updates weights by another rule than the others, so that losses agree on the first step alone. */
  readonly ownOptimizer?: boolean;
}

const residua = { passes: ['infer', 'train'], language: 'node', wasm: true } as const;

/** This project, the first line of every comparison. */
export const OURS: Peer = { name: 'residua', ...residua };

/** The same once more: what its times differ by is the noise of the machine. */
export const AGAIN: Peer = { name: 'residua-again', runs: OURS.name, ...residua };

/** Another checkout of this project. */
export const OLD: Peer = { name: 'residua-old', runs: OURS.name, ...residua };

/** All runtimes that can be compared with, in the order of the tables. */
export const PEERS: readonly Peer[] = [
  {
    name: 'litert',
    passes: ['infer'],
    format: 'tflite',
    package: '@litertjs/core',
    language: 'node',
    wasm: true,
  },
  {
    name: 'tfjs-wasm',
    passes: ['infer', 'train'],
    package: '@tensorflow/tfjs',
    language: 'node',
    wasm: true,
  },
  {
    name: 'jax-js',
    passes: ['train'],
    package: '@jax-js/jax',
    language: 'node',
    wasm: true,
    onlyNamed: true,
  },
  {
    name: 'onnxruntime-web',
    passes: ['infer'],
    format: 'onnx',
    package: 'onnxruntime-web',
    language: 'node',
    wasm: true,
  },
  {
    name: 'onnxruntime-node',
    passes: ['infer'],
    format: 'onnx',
    package: 'onnxruntime-node',
    language: 'node',
  },
  {
    name: 'onnxruntime-web-training',
    passes: ['train'],
    format: 'ort-training',
    package: 'onnxruntime-web-training',
    language: 'node',
    wasm: true,
    ownOptimizer: true,
  },
  { name: 'pytorch', passes: ['infer', 'train'], language: 'python' },
  {
    name: 'pytorch-compile',
    passes: ['infer', 'train'],
    language: 'python',
    compiled: true,
    onlyNamed: true,
  },
];

/**
 * The peers of a list `litert,pytorch`.
 *
 * @throws {RangeError} for a name that is none, or one that cannot do this pass
 */
export function findPeers(list: string, pass: 'infer' | 'train'): Peer[] {
  return list.split(',').map((text) => {
    const name = text.trim();
    const peer = PEERS.find((known) => known.name === name);
    const able = PEERS.filter(({ passes }) => passes.includes(pass)).map((known) => known.name);
    if (!peer) throw new RangeError(`bench: there is no peer "${name}": take ${able.join(', ')}`);
    if (!peer.passes.includes(pass)) {
      const verb = pass === 'train' ? 'train' : 'infer';
      throw new RangeError(`bench: ${name} does not ${verb} here: take ${able.join(', ')}`);
    }
    return peer;
  });
}
