import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';

it('what the first page runs learns to tell bars apart, and says so', async () => {
  const text = readFileSync(join(root, 'docs/page.md'), 'utf8');
  const [, code] = /```ts\n([^]*?)```/.exec(text)!;
  const { code: script } = await transform(code!, { loader: 'ts', format: 'esm' });
  const folder = join(root, '.cache/page');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'bars.mjs');
  writeFileSync(file, `${script}\nawait tellBars(console.log);\n`);
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  expect(stdout).toContain('epoch 7');
  expect(Number(/standing: ([\d.]+) %\n$/.exec(stdout)?.[1])).toBeGreaterThan(90);
}, 60_000);
