import { afterAll, describe, expect, it } from 'vitest';
import { itemAt, items } from '../../ts/ops/places.ts';
import { finiteDifferences } from '../cases/finiteDifferences.ts';
import { table } from '../cases/index.ts';
import { differentiable, float64Inputs, compileRow, runEagerly } from '../cases/run.ts';
import { expectClose, expectSameBits, largest } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(builds.map((build) => engineOn(build)));
afterAll(() => engines.forEach((engine) => engine.close()));

for (const entry of table) {
  const { op, reference, tolerance, gradientTolerance = tolerance } = entry;
  describe(op.name, () => {
    describe.each(entry.rows)('$name', (row) => {
      const wanted = differentiable(entry, row);

      it('equals its definition', () => {
        const inputs = float64Inputs(entry, row);
        const expected = reference(inputs, row.attrs);
        for (const engine of engines) {
          const { outputs, mutated } = runEagerly(engine, entry, row);
          expect([...outputs.keys()]).toEqual(Object.keys(expected));
          for (const [name, values] of outputs) {
            expectClose(values, expected[name]!, tolerance, `${engine.build}: output ${name}`);
          }
          for (const [name, values] of mutated) {
            const what = `${engine.build}: input ${name} afterwards`;
            expectClose(values, itemAt(inputs, name)!.values, tolerance, what);
          }
        }
      });

      const checksGradients = (): void => {
        const derivatives = finiteDifferences(entry, row);
        for (const engine of engines) {
          const { gradients } = runEagerly(engine, entry, row);
          for (const input of wanted) {
            const gradient = gradients.get(input)!;
            const own = derivatives.filter((derivative) => derivative.input === input);
            const actual = own.map(({ direction }) =>
              direction.reduce((sum, weight, j) => sum + weight * gradient[j]!, 0),
            );
            const expected = own.map(({ value }) => value);
            const what = `${engine.build}: gradient by input ${input}`;
            const floor = largest(gradient) + 1e-4;
            expectClose(actual, expected, gradientTolerance, what, floor);
          }
        }
      };
      if (wanted.length > 0 && !row.kink)
        it('has the gradients of its definition', checksGradients);

      it('gives the same bits for one thread and two, at both widths', () => {
        for (const lanes of ['simd', 'relaxed']) {
          const alike = engines.filter(({ build }) => build.startsWith(lanes));
          const [first, ...others] = alike.map((engine) => runEagerly(engine, entry, row));
          others.forEach((other, index) => {
            for (const part of ['outputs', 'mutated', 'gradients'] as const) {
              const what = `${alike[index + 1]!.build}: ${part}`;
              expectSameBits([...other[part].values()], [...first![part].values()], what);
            }
          });
        }
      });

      it('gives the same bits compiled', async () => {
        for (const engine of engines) {
          const eager = runEagerly(engine, entry, row);
          for (const firstState of new Set([0, 1, items(row.inputs).length])) {
            const { run, dispose } = compileRow(engine, entry, row, firstState);
            const compiled = await run();
            dispose();
            for (const part of ['outputs', 'mutated', 'gradients'] as const) {
              const what = `${engine.build}: state from input ${firstState} on: ${part}`;
              expectSameBits([...compiled[part].values()], [...eager[part].values()], what);
            }
          }
        }
      });
    });
  });
}
