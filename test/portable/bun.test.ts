import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bunBinary } from '../../scripts/runtimes.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import * as residua from '../../ts/index.ts';
import { strictTraining } from './strictTraining.mjs';

// On x64 the multiply-add of Bun 1.4.5 rounds twice.
it('Bun takes relaxed SIMD only where its multiply-add rounds once, and has the bits of Node', async ({
  skip,
}) => {
  const bun = bunBinary();
  if (!bun) return skip('Bun is not installed; `node scripts/setup.mjs --for test` says why');
  const script = join(root, 'test/portable/inBun.ts');
  const { stdout, stderr } = spawnSync(bun, [script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const { features, fast, strict, training } = JSON.parse(stdout);
  expect(features).toMatchObject({ simd: true, relaxed: true, threads: true });
  if (process.arch === 'x64') expect(features.fma).toBe(false);
  expect([fast, strict]).toEqual([features.fma ? 'relaxed' : 'simd', 'simd']);
  const { losses, weights, logits } = await strictTraining(residua, { threads: 2 });
  expect(training).toMatchObject({ losses, weights, logits });
});
