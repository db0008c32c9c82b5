import { is } from '../../ts/core/graph.ts';
import { capture } from '../../ts/compile/capture.ts';
import { conv2d, type Conv2dAttrs } from '../../ts/ops/conv2d/conv2d.ts';
import { models } from '../../ts/models/registry.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { noGrad } from '../../ts/core/tape.ts';

/** A convolution of a network. */
export interface Geometry {
  /** Network and module path of the first that has it. */
  readonly name: string;
  readonly x: Shape;
  readonly w: Shape;
  readonly attrs: Conv2dAttrs;
}

/** The different convolutions of networks on square images, each once. */
export function geometriesOf(names: readonly string[], size: number, batch: number): Geometry[] {
  const found = new Map<string, Geometry>();
  for (const name of names) {
    const small = size < 64 ? ({ stem: 'cifar' } as const) : {};
    const model = models[name]!({ inChannels: 3, seed: 1, ...small }).eval();
    const shape = [batch, size, size, 3];
    const graph = noGrad(() => capture((x) => model.forward(x), [{ shape, dtype: 'f32' }]));
    for (const node of graph.nodes) {
      if (!is(node, conv2d) || !node.inputs.w) continue;
      const { x, w } = node.inputs;
      const { stride, padding, dilation, groups } = node.attrs;
      const attrs = { stride, padding, dilation, groups, relu: false };
      const geometry = { name: `${name}.${node.path}`, x: x.shape, w: w.shape, attrs };
      const key = JSON.stringify([geometry.x, geometry.w, attrs]);
      if (!found.has(key)) found.set(key, geometry);
    }
    model.dispose();
  }
  return [...found.values()];
}
