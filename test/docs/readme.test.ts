import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = [
  ...readFileSync(`${root}README.md`, 'utf8').matchAll(/```ts\n(import [^]*?)```/g),
];

/** Runs an example as its reader would: in a file of its own that imports the built package by name. */
async function runExample(code: string, name: string): Promise<string> {
  const folder = `${root}.cache/readme`;
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${name}.mjs`;
  writeFileSync(file, code);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: root });
    return stdout;
  } finally {
    rmSync(file);
  }
}

test('the first example trains a small ResNet and uses it', async () => {
  const output = await runExample(examples[0]![1]!, 'first');
  const accuracy = Number(/accuracy: ([\d.]+)/.exec(output)?.[1]);
  expect(accuracy).toBeGreaterThan(0.9);
  expect(output).toContain('the first test digit is a 7');
}, 120_000);

test('the second example runs', async () => {
  const output = await runExample(examples[1]![1]!, 'second');
  expect(output).toContain('Float32Array(2) [ 0, 2 ]');
  expect(output).toContain('relu.forward.f32/simd');
}, 60_000);
