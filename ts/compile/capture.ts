import { currentRegion, interpretWith, type Interpreter } from '../core/apply.ts';
import { outputsOf, type Graph, type Node, type Value } from '../core/graph.ts';
import { mapTree } from '../ops/places.ts';
import { formatShape, type Spec } from '../base/shape.ts';
import { isWalkingBack } from '../core/tape.ts';
import { Tensor } from '../core/tensor.ts';

/** A function of tensors that can be captured; it may return one tensor or several. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/**
 * Runs `fn` once on symbols and notes the ops it applies. Eager tensors it meets become state of the graph.
 *
 * @throws whatever `fn` throws, shape errors among it; Error when `fn` reads a value.
 */
export function capture(fn: TensorFunction, specs: readonly Spec[]): Graph {
  let nextId = 0;
  const nodes: Node[] = [];
  const states = new Map<Tensor, Value>();

  const make = (spec: Spec, kind: Value['kind'], tensor?: Tensor): Value => ({
    id: nextId++,
    shape: spec.shape,
    dtype: spec.dtype,
    kind,
    ...(tensor && { tensor }),
  });
  const valueOf = (tensor: Tensor): Value => {
    if (tensor.value) return tensor.value;
    let value = states.get(tensor);
    if (!value) {
      value = make(tensor, 'state', tensor);
      states.set(tensor, value);
    }
    return value;
  };
  const note: Interpreter = (op, inputs, attrs, outputSpecs, path) => {
    const outputs = mapTree(outputSpecs, (spec) => make(spec, 'temporary'));
    const region = currentRegion();
    nodes.push({
      op,
      inputs: mapTree(inputs, valueOf),
      outputs,
      attrs,
      path,
      ...(region && { region }),
      ...(isWalkingBack() && { backward: true }),
    });
    return mapTree(outputs, (value) => new Tensor(value, value));
  };

  const inputs = specs.map((spec) => make(spec, 'input'));
  const result = interpretWith(note, () => fn(...inputs.map((value) => new Tensor(value, value))));
  if (result instanceof Promise)
    throw new TypeError('capture: the function is async but must be synchronous');
  const outputs = (result instanceof Tensor ? [result] : result).map(valueOf);
  return { inputs, nodes, outputs };
}

/** `conv2d [8, 32, 32, 16]`, for messages. */
export function describeNode(node: Node): string {
  const place = node.path ? `${node.path}: ` : '';
  return `${place}${node.op.name} ${outputsOf(node)
    .map((output) => formatShape(output.shape))
    .join(', ')}`.trim();
}
