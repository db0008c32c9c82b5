import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeChromium } from '../../scripts/matrix/open.mjs';
import { expectedNumbers, makeFolder, pack } from '../../scripts/matrix/project.mjs';
import { rows } from '../../scripts/matrix/rows.mjs';
import { runRow } from '../../scripts/matrix/runRow.mjs';
import { needsChromium } from '../browser/chromium.ts';

/** The quick rows of `npm run matrix`, which has all. */
const QUICK = [
  'no bundler',
  'policy without workers',
  'residua/inline, policy without blob:',
  'package on another origin',
  'esbuild, assets copied',
  'esbuild, assets copied, sigmoid',
  'esbuild, residua/inline',
  'esbuild, residua/inline, sigmoid',
  'Rollup, import-meta-assets',
  'Vite 8',
  'Vite 8, sigmoid',
  'Vite 8, dev',
  'esbuild for Node, cjs, assets copied',
  'esbuild for Node, cjs, residua/inline',
];

describe('the packed package works in', () => {
  const folder = makeFolder();
  let tarball: string;
  let expected: number[];

  beforeAll(async () => {
    tarball = await pack(folder);
    expected = await expectedNumbers(folder, tarball);
  });
  afterAll(async () => {
    await closeChromium();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(needsChromium);

  it.each(QUICK)('%s', async (name) => {
    const row = rows.find((one) => one.name === name);
    expect(row, name).toBeDefined();
    expect(await runRow(row, { folder, tarball, expected })).toMatch(/^simd/);
  });
});
