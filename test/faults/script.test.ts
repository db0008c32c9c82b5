import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';

it('node scripts/faults.mjs runs tests that are there and heed its options', () => {
  const script = join(root, 'scripts/faults.mjs');
  const files = execFileSync(process.execPath, [script, '--list'], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const read = files.map((file) => readFileSync(join(root, file), 'utf8'));
  for (const text of read) expect(text).toContain("process.env['RESIDUA_SEED']");
  for (const name of ['FILES', 'KILLS', 'DEATHS']) {
    expect(
      read.some((text) => text.includes(`process.env['RESIDUA_${name}']`)),
      name,
    ).toBe(true);
  }
});
