import { afterAll, describe, expect, it } from 'vitest';
import { useEngine } from '../../ts/core/init.ts';
import { tensor } from '../../ts/core/create.ts';
import { scope } from '../../ts/core/scope.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { add, batchNorm, maxPool2d, relu } from '../../ts/functions/index.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(builds.map((build) => engineOn(build, { numerics: 'fast' })));
afterAll(() => engines.forEach((engine) => engine.close()));

const CHANNELS = 24;
const SHAPE = [1, 4, 4, CHANNELS];
const line = (value: number): Tensor => tensor(new Float32Array(CHANNELS).fill(value), [CHANNELS]);
type Four = [Tensor, Tensor, Tensor, Tensor];

/** Functions that keep an element where it is, by a ReLU or a maximum. */
const WAYS: Record<string, (x: Tensor) => Tensor> = {
  relu,
  add: (x) => add(x, x, { relu: true }),
  batchNorm: (x) => {
    const [runningMean, bias, runningVar, weight] = [0, 0, 1, 1].map(line) as Four;
    return batchNorm(x, { weight, bias, runningMean, runningVar, relu: true });
  },
  maxPool2d: (x) => maxPool2d(x, { kernelSize: 1 }),
};

// f32x4.relaxed_max gives either operand where one is no number.
describe.each(engines)('what is no number on $build', (engine) => {
  it.each(Object.keys(WAYS))('stays so in %s, at the first element and at the last', (name) => {
    useEngine(engine);
    const values = new Float32Array(SHAPE.reduce((size, axis) => size * axis, 1)).fill(2);
    const last = values.length - 1;
    values[0] = values[last] = NaN;
    const y = scope(() => WAYS[name]!(tensor(values, SHAPE)).data().slice());
    expect([...y.keys()].filter((i) => Number.isNaN(y[i]))).toEqual([0, last]);
  });
});
