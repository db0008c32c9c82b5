import { interpretWith } from '../core/apply.ts';
import type { DType, Shape } from '../base/shape.ts';
import { noGrad } from '../core/tape.ts';
import { Tensor } from '../core/tensor.ts';
import { mapTree } from '../ops/places.ts';
import { inMode } from './inMode.ts';
import type { Module } from './module.ts';

/** What running a module shows. */
export interface Trace {
  /** Shape of what each module returned last. */
  readonly outputs: ReadonlyMap<Module, Shape>;
  /** Flops of each op and the path of the module that applied it. */
  readonly flops: readonly (readonly [path: string, flops: number])[];
  /** Shape of the result; undefined when nothing ran. */
  readonly result: Shape | undefined;
}

/** Runs a module in inference on symbols: shapes without values. Throws what its ops throw. */
export function trace(model: Module, inputShape: Shape): Trace {
  const outputs = new Map<Module, Shape>();
  const flops: [string, number][] = [];
  const symbol = (shape: Shape, dtype: DType): Tensor => {
    const value = { id: -1, kind: 'temporary', shape, dtype } as const;
    return new Tensor(value, value);
  };
  const forwards = [...model.modules()].map(([, module]) => watch(module, outputs));
  const run = (): Shape =>
    interpretWith(
      (op, inputs, attrs, specs, path) => {
        flops.push([path, op.flops?.(inputs, specs, attrs) ?? 0]);
        return mapTree(specs, ({ shape, dtype }) => symbol(shape, dtype));
      },
      () => model.forward(symbol(inputShape, 'f32')).shape,
    );
  try {
    return { outputs, flops, result: noGrad(() => inMode(model, false, run)) };
  } finally {
    forwards.forEach((unwatch) => unwatch());
  }
}

/** Notes the shape of what a module returns, until the returned function is called. */
function watch(module: Module, outputs: Map<Module, Shape>): () => void {
  const forward = (x: Tensor): Tensor => {
    const y = Object.getPrototypeOf(module).forward.call(module, x) as Tensor;
    outputs.set(module, y.shape);
    return y;
  };
  Object.defineProperty(module, 'forward', { value: forward, configurable: true });
  return () => delete (module as { forward?: unknown }).forward;
}
