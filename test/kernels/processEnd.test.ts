import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { copyAssets } from '../../scripts/setup/bundle.mjs';
import { localCache, root } from '../../scripts/setup/paths.mjs';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import { cores } from '../../ts/kernels/cores.ts';

it('a process whose only pending work is a run lives until it is over', async () => {
  const folder = join(localCache, 'kernels-fixture');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/kernels/fixture/pendingRun.ts'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  copyAssets(join(folder, 'assets'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'pendingRun.mjs')]);
  expect({ status, stdout: `${stdout}`, stderr: `${stderr}` }).toEqual({
    status: 0,
    stdout: 'true\n',
    stderr: '',
  });
});

it('where a page is emulated in Node, the caller leads', async () => {
  if (cores() < 2) return;
  // What jsdom 29 puts in place.
  Object.assign(globalThis, { window: globalThis, document: {} });
  onTestFinished(() => {
    for (const name of ['window', 'document']) Reflect.deleteProperty(globalThis, name);
  });
  const engine = await createEngine({ threads: 2 });
  const buffer = engine.allocate(16);
  const args = { y: { buffer, byteOffset: 0 }, rounds: 10 };
  const plan = engine.writePlan([{ kernel: 'ceiling.fma.f32/simd', chunks: 2, args }]);
  expect([engine.runPlan(plan), engine.runPlan(plan)]).toEqual([true, true]);
  engine.close();
});
