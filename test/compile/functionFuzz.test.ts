import { afterAll, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { scope } from '../../ts/core/scope.ts';
import { expectSameBits } from '../helpers/close.ts';
import { engineOn } from '../helpers/engines.ts';
import { makeFunctionProgram } from './functionPrograms.ts';

const PROGRAMS = 64;

const [one, two] = await Promise.all([engineOn('simd'), engineOn('simd-threads')]);
afterAll(() => [one, two].forEach((engine) => engine.close()));

it.each(Array.from({ length: PROGRAMS }, (_, index) => index))(
  'functions composed at random, number %i, have the same values and gradients compiled for two threads as one by one',
  async (number) => {
    useEngine(one);
    const program = makeFunctionProgram(`functions ${number}`);
    const { inputs } = program;
    const expected = scope(() => {
      const given = inputs.map(({ shape, values }) => tensor(values, shape));
      return program.run(given).map((value) => value.data());
    });
    expect(expected.every((values) => values.every(Number.isFinite))).toBe(true);
    useEngine(two);
    const specs = inputs.map(({ shape }) => ({ shape, dtype: 'f32' as const }));
    const plan = compile((...given) => program.run(given), specs);
    expectSameBits(await plan.run(...inputs.map(({ values }) => values)), expected, 'outputs');
    plan.dispose();
  },
);
