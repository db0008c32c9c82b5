import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, it } from 'vitest';
import { nodeFlags } from '../../bench/nodeFlags.mjs';

it.each([
  ['20.20.2', 256, ['--experimental-wasm-relaxed-simd']],
  ['20.20.2', 128, ['--experimental-wasm-relaxed-simd']],
  ['22.12.0', 'auto', []],
  ['22.12.0', 256, []],
  ['24.21.0', 256, ['--experimental-wasm-revectorize']],
  ['26.10.0', 'auto', ['--experimental-wasm-revectorize']],
  ['26.10.0', 128, []],
] as const)('Node %s at %s bits', (version, simd, flags) => {
  expect(nodeFlags(version, simd)).toEqual(flags);
});

it.each(['auto', 128, 256] as const)('this Node starts with its flags for %s', (simd) => {
  const args = [...nodeFlags(process.versions.node, simd), '-p', '40 + 2'];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe('42\n');
});
