import { readdirSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { table } from '../cases/index.ts';
import { compileRow } from '../cases/run.ts';
import { engineOn } from '../helpers/engines.ts';
import type { AnyOp } from '../../ts/ops/op.ts';

const isOp = (value: unknown): value is AnyOp =>
  typeof value === 'object' && value !== null && 'infer' in value && 'lower' in value;

const folder = new URL('../../ts/ops/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const modules = (await Promise.all(
  files.map((file) => import(new URL(file, folder).href)),
)) as Record<string, unknown>[];
const ops = modules.flatMap((module) => Object.values(module).filter(isOp));

const engine = await engineOn('simd');
afterAll(() => engine.close());

it('has a case for each op with a gradient', () => {
  const tested = new Set(table.map(({ op }) => op));
  const left = ops.filter((op) => op.gradient && !tested.has(op)).map((op) => op.name);
  expect(ops.length).toBeGreaterThan(30);
  expect(left).toEqual([]);
});

it('reaches every other op through cases, their gradients or the compiler', () => {
  const reached = new Set<AnyOp>(table.map(({ op }) => op));
  for (const entry of table) {
    for (const row of entry.rows) {
      const { plan, dispose } = compileRow(engine, entry, row, 1);
      const { prologue, main } = plan.lowered;
      for (const { node } of [...prologue, ...main]) reached.add(node.op);
      dispose();
    }
  }
  // A plan is ended by the first, and the others belong to dense blocks, which test/compile looks at.
  const elsewhere = [
    'guardFinite',
    'rstdOfVariance',
    'addNormCorrection',
    'conv2dBackwardInputThroughNorm',
  ];
  const left = ops.filter((op) => !reached.has(op)).map((op) => op.name);
  expect(left.filter((name) => !elsewhere.includes(name))).toEqual([]);
});

it('cuts a step where the name of a row says so', () => {
  let cut = 0;
  for (const entry of table) {
    for (const row of entry.rows.filter(({ name }) => /(several|many) chunks/.test(name))) {
      const { plan, dispose } = compileRow(engine, entry, row, 1);
      const nodes = [...plan.lowered.prologue, ...plan.lowered.main];
      const steps = nodes
        .filter(({ node }) => node.op.name === entry.op.name)
        .flatMap((node) => node.steps);
      const most = Math.max(...steps.map(({ chunks }) => chunks));
      expect(most, `${entry.op.name}, ${row.name}`).toBeGreaterThan(1);
      cut++;
      dispose();
    }
  }
  expect(cut).toBeGreaterThan(30);
});

it('names an op after its export', () => {
  // A plan shows a convolution of packed weights as the conv2d that it computes.
  const shownAs: Readonly<Record<string, string>> = { conv2dOfPacked: 'conv2d' };
  for (const module of modules) {
    for (const [name, op] of Object.entries(module)) {
      if (isOp(op)) expect(op.name).toBe(shownAs[name] ?? name);
    }
  }
});
