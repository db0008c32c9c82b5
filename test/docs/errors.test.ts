import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';

/** Sources as one text, in which strings that are joined over lines are one. */
const source = readdirSync(join(root, 'ts'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(root, 'ts', name), 'utf8'))
  .join('\n')
  .replaceAll(/['"`]\s*\+\s*['"`]/g, '')
  .replaceAll("\\'", "'");

const rows = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'));
const messages = rows.flatMap((row) => row.split(' | ')[0]!.match(/`[^`]+`/g)!);

/** What the code puts together: names of files, and words from tables. */
const MADE = ['holds no checkpoint.safetensors', 'unknown data set', 'unexpected', 'is there'];

it('lists many messages, each with cause and advice', () => {
  expect(rows.length).toBeGreaterThan(60);
  for (const row of rows) expect(row.split(' | ')).toHaveLength(3);
});

it.each(messages)('%s is what the code says', (message) => {
  const parts = message.slice(1, -1).split(/…|: |, /);
  for (const part of parts) {
    const words = part.replace(/^[\s:;,]+|[\s:;,(]+$/g, '');
    if (words.length < 6 || MADE.some((made) => words.includes(made))) continue;
    expect(source.includes(words), words).toBe(true);
  }
});
