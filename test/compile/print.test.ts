import { afterAll, describe, expect, it } from 'vitest';
import { planRows } from '../../ts/compile/printPlan.ts';
import type { Plan } from '../../ts/compile/plan.ts';
import { useEngine } from '../../ts/core/init.ts';
import { resnet20 } from '../../ts/models/cifarResnet.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
useEngine(engine);
afterAll(() => engine.close());

const shape = [2, 32, 32, 3];
const model = resnet20({ seed: 1 });
const flopsOf = (plan: Plan): number => planRows(plan).reduce((sum, { flops }) => sum + flops, 0);

/** Multiply-adds of one image by layer, by hand. */
const stem = 32 * 32 * 27 * 16;
const stages = [
  6 * 32 * 32 * 144 * 16,
  16 * 16 * 144 * 32 + 5 * 16 * 16 * 288 * 32,
  8 * 8 * 288 * 64 + 5 * 8 * 8 * 576 * 64,
];
const forward = stem + stages.reduce((sum, count) => sum + count, 0) + 640;

describe('a plan shows', () => {
  it('every step of inference with its place, kernels, sizes and flops', () => {
    const predictor = new Predictor(model);
    const plan = predictor.plan(shape);
    const rows = planRows(plan);
    expect(flopsOf(plan)).toBe(2 * 2 * forward);
    expect(rows.filter(({ op }) => op === 'conv2d').length).toBe(19);
    expect(rows.some(({ op }) => op.startsWith('batchNorm') || op === 'relu')).toBe(false);
    const text = String(plan);
    for (const { path, output, kernels } of rows) {
      for (const part of [path, output, ...kernels]) expect(text).toContain(part);
    }
    expect(text).toContain(`peak ${(plan.peakBytes / 1e6).toFixed(3)} MB`);
    predictor.dispose();
  });

  it('what a training step computes again, so that it need not be kept', () => {
    const make = (memoryBudget?: number): Trainer =>
      new Trainer(model, { optimizer: new SGD(model.parameters()), memoryBudget });
    const whole = make();
    const plan = whole.plan(shape);
    expect(planRows(plan).filter(({ recomputed }) => recomputed)).toEqual([]);
    const little = make(0.6 * plan.peakBytes);
    const rows = planRows(little.plan(shape));
    const again = rows.filter(({ recomputed }) => recomputed);
    expect(again.length).toBeGreaterThan(0);
    expect(again.some(({ op }) => op === 'conv2d')).toBe(true);
    expect(String(little.plan(shape))).toContain('conv2d again');
    for (const trainer of [whole, little]) trainer.dispose();
  });

  it('the flops of a training step: three products a layer, but for the input’s gradient', () => {
    const trainer = new Trainer(model, { optimizer: new SGD(model.parameters()) });
    expect(flopsOf(trainer.plan(shape))).toBe(2 * 2 * (3 * forward - stem));
    expect(trainer.peakBytes(shape)).toBe(trainer.plan(shape).peakBytes);
    trainer.dispose();
  });
});
