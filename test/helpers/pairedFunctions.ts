import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WasmName } from '../../ts/kernels/assets.ts';
import { PAIRS_FLAG } from './engines.ts';

/** A function of a module, and what V8's optimising compiler made of its vectors. */
export interface PairedFunction {
  /** Rust's path without hashes and the crate's name. */
  readonly name: string;
  /** Operations that stand for two in the code, 0 where nothing was paired. */
  readonly operations: number;
}

const TRACED = [
  ...[PAIRS_FLAG, '--trace-wasm-revectorize', '--no-liftoff'],
  // All functions, one after the other, so that their lines are not mixed.
  ...['--no-wasm-lazy-compilation', '--single-threaded'],
];
const PROGRAM = "new WebAssembly.Module(require('node:fs').readFileSync(process.argv[1]))";

/** Compiles a build in a process of this Node that tells what it pairs. */
export async function pairedFunctions(build: WasmName): Promise<PairedFunction[]> {
  const args = [
    ...TRACED,
    '-e',
    PROGRAM,
    fileURLToPath(new URL(`../../ts/kernels/assets/${build}.wasm`, import.meta.url)),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 });
  return readTrace(stdout);
}

/** Reads what V8 prints: a function's name, its trees of vectors with a decision for each, its name again. */
export function readTrace(trace: string): PairedFunction[] {
  const found: PairedFunction[] = [];
  let [name, operations] = ['', 0];
  for (const line of trace.split('\n')) {
    const begin = /^Begin revec function (.*)/.exec(line);
    const decided = /Decided? to vectorize, (\d+) revectorizable nodes/.exec(line);
    if (begin) [name, operations] = [shortName(begin[1]!), 0];
    else if (decided) operations += Number(decided[1]);
    else if (line.startsWith('Finished revec function')) found.push({ name, operations });
  }
  return found;
}

/** `gemm::tile::multiply_slice::<lanes::Pair<lanes::wasm::F32x4>, 6usize>`. */
function shortName(name: string): string {
  return name.replaceAll(/\[[0-9a-f]+\]/g, '').replaceAll('kernels::', '');
}
