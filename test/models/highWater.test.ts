import { expect, it } from 'vitest';
import { init } from '../../ts/core/init.ts';
import { densenet121, resnet50 } from '../../ts/models/index.ts';
import { runNetwork } from '../../ts/train/runNetwork.ts';
import { goldenTensor } from '../golden/generator.ts';

const SHAPE = [1, 224, 224, 3];

it.each([
  ['resnet50', 'strict', resnet50],
  ['resnet50', 'fast', resnet50],
  ['densenet121', 'strict', densenet121],
  ['densenet121', 'fast', densenet121],
] as const)('%s, %s: WASM memory grows to what the plan says', async (_, numerics, make) => {
  const engine = await init({ threads: 2, numerics });
  const module = engine.memoryBytes - engine.freeBytes - engine.scratchBytes;
  const model = make({ seed: 1 });
  const run = await runNetwork(model, goldenTensor('photograph', SHAPE), SHAPE);
  const held = run.stateBytes - run.deferredBytes;
  const said = module + engine.scratchBytes + run.peakBytes + held + run.constantBytes;
  expect(Math.abs(engine.memoryBytes / said - 1)).toBeLessThan(0.02);
  engine.close();
});
