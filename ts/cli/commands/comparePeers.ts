import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { cores } from '../../kernels/cores.ts';
import { UsageError } from '../terminal/fail.ts';
import type { EngineFlags } from '../options.ts';

/** What is compared. */
export interface Comparison extends EngineFlags {
  readonly vs: string;
  readonly model: string;
  readonly size: number;
  readonly channels: number;
  readonly batch: number;
  readonly rounds: number;
  readonly json?: boolean;
}

/**
 * Runs the comparison of the repository, which installs the other runtimes: they are no part of this package.
 *
 * @throws {UsageError} outside the repository
 */
export async function comparePeers(pass: 'train' | 'infer', flags: Comparison): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve('residua/package.json');
  const root = join(manifest, '..');
  if (!existsSync(join(root, 'bench/peers/package.json'))) {
    const advice = 'run `npm run bench -- peers` in a clone of the repository';
    throw new UsageError(
      `bench: --vs needs bench/peers, which the npm package leaves out: ${advice}`,
    );
  }
  const {
    vs,
    model,
    size,
    channels,
    batch,
    rounds,
    threads = cores(),
    numerics,
    simd,
    json,
  } = flags;
  const settings = { vs, model, size, channels, batch, rounds, threads, numerics, simd };
  const args = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, `${value}`],
  );
  const script = [join(root, 'bench/bench.mjs'), 'peers', pass, ...args];
  const child = spawn(process.execPath, [...script, ...(json ? ['--json'] : [])], {
    stdio: 'inherit',
  });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code ?? 1));
  });
}
