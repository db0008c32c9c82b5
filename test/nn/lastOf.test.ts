import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { BasicBlock } from '../../ts/nn/blocks/basicBlock.ts';
import { GroupNorm } from '../../ts/nn/groupNorm.ts';

beforeAll(async () => {
  await init();
});
afterAll(() => currentEngine().close());

it('zeroInit lets F begin at 0 with any norm that has a weight', () => {
  const norm = (channels: number): GroupNorm => new GroupNorm(2, channels);
  const lastWeight = (zeroInit: boolean): number[] => [
    ...new BasicBlock(4, 4, { norm, zeroInit }).bn2.stateDict().get('weight')!.data(),
  ];
  expect(lastWeight(true)).toEqual([0, 0, 0, 0]);
  expect(lastWeight(false)).toEqual([1, 1, 1, 1]);
});
