import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Profile } from '../../ts/inspect/profilePlan.ts';
import { residua } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'residua-profile-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('residua bench train --profile prints a table and writes JSON and a page', async () => {
  const out = join(folder, 'new');
  const net = ['--model', 'resnet8', '--size', '28', '--batch', '4', '--threads', '1'];
  const { code, stdout, stderr } = await residua(
    'bench',
    'train',
    ...net,
    '--profile',
    '--out',
    out,
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^place +op +output +ms +GF\/s +ceil +MB +GB\/s +mem +share$/m);
  expect(stdout).toMatch(/^between steps /m);
  const profile = JSON.parse(readFileSync(join(out, 'profile.json'), 'utf8')) as Profile;
  expect(profile.name).toBe('resnet8 28²');
  expect(profile.rows.map(({ op }) => op)).toContain('sgdUpdate');
  expect(readFileSync(join(out, 'profile.html'), 'utf8')).toMatch(/^<!doctype html>.*<svg/s);
});
