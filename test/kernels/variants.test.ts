import { afterAll, describe, expect, it } from 'vitest';
import type { KernelInfo } from '../../ts/kernels/kernelTable.ts';
import type { Step } from '../../ts/kernels/step.ts';
import { items } from '../../ts/ops/places.ts';
import { expectClose } from '../helpers/close.ts';
import { engineOn, loadable } from '../helpers/engines.ts';
import { Random } from '../helpers/random.ts';
import { runLowered } from './lowered.ts';
import { draws } from './problems.ts';

const ROUNDS = 12;
/** Largest error beside the largest value of a tensor. */
const TOLERANCE = 2e-6;

/** Kernels that the crate's own tests compare with a formula, as it takes no row of the module. */
const BY_FORMULA: readonly string[] = [
  'ceiling.fma.f32/simd',
  'conv2d.pack.f32/winograd_2x2',
  'conv2d.pack.f32/winograd_2x2_strided',
  'conv2d.pack.f32/winograd_4x4',
  'gemm.pack.f32/panels',
  'guard.finite.f32/scalar',
  'increment.forward.i32/scalar',
  'increment.forward.f32/scalar',
  'increment.step.i32/scalar',
  'multiply.sum.f32/scalar',
  'softmaxCrossEntropy.mean.f32/scalar',
];

const engines = await Promise.all(loadable.map((build) => engineOn(build)));
afterAll(() => engines.forEach((engine) => engine.close()));

/** Name of the reference of a kernel. */
const referenceOf = (name: string): string => name.replace(/\/.*/, '/reference');
const sameFields = (a: KernelInfo, b: KernelInfo | undefined): boolean =>
  JSON.stringify(a.fields) === JSON.stringify(b?.fields);

describe.each(engines)('$build', (engine) => {
  const compared = new Set<string>();
  const toReference = (step: Step): Step => {
    const kernel = engine.kernels.get(step.kernel)!;
    const name = referenceOf(step.kernel);
    if (!sameFields(kernel, engine.kernels.get(name))) return step;
    compared.add(step.kernel);
    return { ...step, kernel: name };
  };
  const compare = (kind: string, round: string): void => {
    for (let i = 0; i < ROUNDS; i++) {
      const name = `${kind} ${round} ${i}`;
      const problem = draws[kind]!(new Random(name));
      const results = [(step: Step) => step, toReference].map((replace) =>
        runLowered(engine, problem, new Random(`${name} outputs`), replace),
      );
      const shapes = items(problem.inputs)
        .map(({ shape }) => shape.join('×'))
        .join(', ');
      results[0]!.forEach((values, index) =>
        expectClose(values, results[1]![index]!, TOLERANCE, `${name} (${shapes}): tensor ${index}`),
      );
    }
  };

  it.each(Object.keys(draws))('%s equals its reference on random geometry', (kind) => {
    compare(kind, 'first');
  });

  it('does so after its memory has grown', () => {
    const before = engine.memoryBytes;
    const block = engine.allocate(before);
    expect(engine.memoryBytes).toBeGreaterThan(before);
    for (const kind of Object.keys(draws)) compare(kind, 'grown');
    engine.free(block);
  });

  it('has a reference for every kernel', () => {
    const references = [...engine.kernels.keys()].filter((name) => name.endsWith('/reference'));
    const left = [...engine.kernels.keys()].filter(
      (name) => !references.includes(name) && !references.includes(referenceOf(name)),
    );
    expect(left).toEqual(BY_FORMULA);
  });

  it('compares every kernel that has a reference of the same arguments', () => {
    const all = [...engine.kernels.values()].filter(
      (kernel) =>
        kernel.name !== referenceOf(kernel.name) &&
        sameFields(kernel, engine.kernels.get(referenceOf(kernel.name))),
    );
    // What follows another kernel is in test/compile/following.test.ts.
    const elsewhere = /^(conv2d|gemm)\.|\/region$/;
    const left = all.map(({ name }) => name).filter((name) => !compared.has(name));
    expect(left.filter((name) => !elsewhere.test(name))).toEqual([]);
  });
});
