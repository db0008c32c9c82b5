import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { copyAssets } from '../../scripts/setup/bundle.mjs';
import { localCache, root } from '../../scripts/setup/paths.mjs';

/** What a program wrote. */
export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs TypeScript in a process of its own, with the WASM builds at hand: what V8's flags do, and what a process does once, cannot be
 * seen in one where other tests ran. Imports are relative to the root.
 *
 * @param flags of Node
 * @param changed assets that are others, or missing where undefined
 */
export async function runBundled(
  name: string,
  contents: string,
  flags: readonly string[] = [],
  changed: Readonly<Record<string, Uint8Array | undefined>> = {},
): Promise<Written> {
  const folder = join(localCache, 'bundled', `${name}-${process.version}`);
  mkdirSync(folder, { recursive: true });
  copyAssets(join(folder, 'assets'));
  for (const [asset, bytes] of Object.entries(changed)) {
    const file = join(folder, 'assets', asset);
    if (bytes) writeFileSync(file, bytes);
    else rmSync(file);
  }
  const outfile = join(folder, 'main.mjs');
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, outfile], {
    maxBuffer: 1 << 26,
  });
  return { stdout, stderr };
}
