import { expect, it } from 'vitest';
import { useEngine } from '../../ts/core/init.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { manualSeed } from '../../ts/nn/seed.ts';
import { collectGarbage } from '../helpers/collectGarbage.ts';
import { engineOn } from '../helpers/engines.ts';

it('a closed engine is collected, also when its dropout had a seed', async () => {
  const other = await engineOn('simd');
  const closed = await (async (): Promise<WeakRef<Engine>> => {
    const engine = await engineOn('simd');
    useEngine(engine);
    manualSeed(3);
    engine.close();
    return new WeakRef(engine);
  })();
  useEngine(other);
  await collectGarbage();
  expect(closed.deref()).toBeUndefined();
  other.close();
});
