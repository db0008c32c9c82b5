import { shown } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { Tensor } from '../core/tensor.ts';
import type { Formula } from '../ops/map/formula.ts';
import { withNumber } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * A formula of two operands, of which one may be a number; their shapes broadcast.
 *
 * @throws ShapeError when the shapes do not fit; TypeError when an operand is neither a tensor nor a number, or none is a tensor
 */
export function broadcast(two: Formula, a: Tensor | number, b: Tensor | number): Tensor {
  for (const operand of [a, b]) {
    if (operand instanceof Tensor || typeof operand === 'number') continue;
    throw new TypeError(
      `${two.name}: an operand is ${shown(operand)} but must be a tensor or a number`,
    );
  }
  if (a instanceof Tensor && b instanceof Tensor) return apply(map, { parts: [a, b] }, two).y;
  if (a instanceof Tensor) return apply(map, { parts: [a] }, withNumber(two, b as number, false)).y;
  if (b instanceof Tensor) return apply(map, { parts: [b] }, withNumber(two, a, true)).y;
  throw new TypeError(`${two.name}: ${shown(a)} and ${shown(b)} are no tensors`);
}
