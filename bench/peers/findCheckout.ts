import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** A folder that holds another checkout, before its script is bundled. */
export interface CheckoutFolder {
  readonly folder: string;
  readonly version: string;
  readonly wide: boolean;
}

const SCRIPT = 'bench/peers/peer.ts';
const BUILDS = 'ts/kernels/assets';

/**
 * Looks at another checkout of this project: what serves its networks, its WASM builds, its commit.
 *
 * @throws {RangeError} where one of the first two is missing
 */
export function findCheckout(written: string): CheckoutFolder {
  const folder = resolve(written);
  if (!existsSync(join(folder, SCRIPT))) {
    throw new RangeError(`bench: --old is "${written}" but that folder has no ${SCRIPT}`);
  }
  if (!existsSync(join(folder, BUILDS, 'simd.wasm'))) {
    const advice = 'run `npm run build` there';
    throw new RangeError(`bench: --old is "${written}" but that is not built: ${advice}`);
  }
  const git = ['-C', folder, 'describe', '--always', '--dirty', '--exclude', '*'];
  const { status, stdout } = spawnSync('git', git, { encoding: 'utf8' });
  return {
    folder,
    version: status === 0 ? stdout.trim() : basename(folder),
    wide: existsSync(join(folder, BUILDS, 'simd-256.wasm')),
  };
}
