// Eager ops, gradients and a plan, with read permission alone; the engine is left open.
import {
  compile,
  gradients,
  init,
  linear,
  parameter,
  relu,
  scope,
  tensor,
} from '../../dist/index.js';

const engine = await init();
const x = parameter([1, 4]);
x.write([-1, 2, -3, 4]);
const [eager, gradient] = scope(() => {
  const y = relu(x);
  const [dx] = gradients(linear(y, tensor([1, 1, 1, 1], [4, 1])), [x]);
  return [[...y.data()], [...dx.data()]];
});
const plan = compile((input) => relu(input), [{ shape: [1, 4], dtype: 'f32' }]);
const [planned] = await plan.run(Float32Array.of(-1, 2, -3, 4));
console.log(JSON.stringify({ eager, gradient, planned: [...planned], numerics: engine.numerics }));
