import { afterAll, describe, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { scope } from '../../ts/core/scope.ts';
import { sizeOf } from '../../ts/base/shape.ts';
import { expectSameBits } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { Random } from '../helpers/random.ts';
import { makeProgram } from './programs.ts';

const PROGRAMS = 60;
const STEPS = 2;

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

describe.each(engines)(
  '$build: a random network trains the same compiled as step by step',
  (engine) => {
    it.each(Array.from({ length: PROGRAMS }, (_, i) => i))('number %i', async (number) => {
      useEngine(engine);
      const name = `program ${number}`;
      const [eager, compiled] = [makeProgram(name), makeProgram(name)];
      const { input } = eager;
      const plan = compile((x) => compiled.step(x), [{ shape: input, dtype: 'f32' }]);
      for (let step = 0; step < STEPS; step++) {
        const x = new Random(`${name} x ${step}`).floats(sizeOf(input));
        const expected = scope(() => eager.step(tensor(x, input)).map((value) => value.data()));
        expectSameBits(await plan.run(x), expected, `step ${step}: outputs`);
        expectSameBits(
          compiled.states.map((state) => state.data()),
          eager.states.map((state) => state.data()),
          `step ${step}: states`,
        );
      }
      plan.dispose();
      for (const state of [...eager.states, ...compiled.states]) state.dispose();
    });
  },
);
