import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { formatProfile } from '../../ts/inspect/formatProfile.ts';
import { inferenceCase, trainingCase, type ModelCase } from '../../ts/inspect/modelCases.ts';
import { opName, stepsOf } from '../../ts/inspect/profileLines.ts';
import { profilePlan, type Profile } from '../../ts/inspect/profilePlan.ts';
import { renderProfile } from '../../ts/inspect/node/renderProfile.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { resnet50 } from '../../ts/models/resnetRecipes.ts';

const brief = { rounds: 1, leastMs: 0 };

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

async function profileOf(made: typeof trainingCase, create: ModelCase['create']): Promise<Profile> {
  const settings = { name: 'net', create, size: 32, batch: 2, inChannels: 3 };
  const item = made(currentEngine(), settings);
  await item.run();
  const before = currentEngine().usedBytes;
  const profile = await profilePlan(item, brief);
  expect(currentEngine().usedBytes, 'memory given back').toBe(before);
  expect(profile.rows.length).toBe(item.plan.lowered.main.length);
  item.dispose();
  return profile;
}

describe('profilePlan', () => {
  it('has a row for every op of a training step, and sums that fit', async () => {
    const profile = await profileOf(trainingCase, resnet8);
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
    expect(sum(profile.rows.map(({ medianMs }) => medianMs))).toBeCloseTo(profile.opsMs, 9);
    expect(profile.planMs - profile.opsMs).toBeCloseTo(profile.betweenMs, 9);
    expect(sum(profile.rows.map(({ share }) => share))).toBeCloseTo(1, 9);
    expect(sum(profile.kinds.map(({ share }) => share))).toBeCloseTo(1, 9);
    expect(sum(profile.kinds.map(({ count }) => count))).toBe(profile.rows.length);
    const conv = profile.rows.find(({ op }) => op === 'conv2d')!;
    expect(conv.path).toBe('conv1');
    expect(conv.flops).toBe(2 * 2 * 32 * 32 * 27 * 16);
    expect(conv.gflops).toBeCloseTo(conv.flops / conv.medianMs / 1e6, 9);
    expect(conv.ceilingShare).toBeCloseTo(conv.gflops / profile.ceilingGflops, 9);
  });

  it('is a table of at most 100 columns, in the order of the plan', async () => {
    const profile = await profileOf(inferenceCase, resnet50);
    const text = formatProfile(profile);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(text.indexOf('layer1.0.conv1')).toBeLessThan(text.indexOf('layer4.2.conv3'));
    expect(text).toMatch(/^between steps/m);
  });

  it('is a page that needs nothing else: a bar and a row for every step', async () => {
    const profile = await profileOf(inferenceCase, resnet8);
    const page = renderProfile(profile);
    expect(page.match(/<rect/g)!.length).toBe(stepsOf(profile).length);
    expect(page).not.toMatch(/(src|href)="|url\(|@import|NaN|undefined/);
    expect(page).toContain('layer3.0.conv2');
  });
});

describe('opName', () => {
  it('tells passes and kernels apart in few words', () => {
    const kernels = ['gemm.pack.f32/panels', 'conv2d.backward_input.f32/implicit_gemm'];
    const name = opName({ op: 'conv2dBackwardInput', kernels, count: 1 });
    expect(name).toBe('conv2d dx implicit_gemm');
    expect(opName({ op: 'sgdUpdate', kernels: ['sgd_update.step.f32/simd'], count: 3 })).toBe(
      'sgdUpdate × 3',
    );
  });
});
