import { formatShape, sizeOf } from '../base/shape.ts';
import type { Plan } from './plan.ts';

/** Why a plan finds no memory, what is the largest part of it, and what makes that smaller. */
export function explainMemory(plan: Plan): string {
  const { engine, peakBytes, constantBytes, graph } = plan;
  const total = peakBytes + constantBytes;
  const [images] = graph.inputs;
  const batch = images && images.shape.length > 1 ? images.shape[0]! : 1;
  const trains = graph.nodes.some(({ backward }) => backward);
  const smaller = [
    ...(batch > 1 ? ['a smaller batch'] : []),
    ...(images && sizeOf(images.shape) > batch ? ['smaller pictures'] : []),
    ...(trains ? ['a memoryBudget'] : []),
  ];
  const parts: [name: string, bytes: number, advice: string][] = [
    ['activations', peakBytes, `try ${smaller.join(', or ') || 'a smaller function'}`],
    ['packed weights', constantBytes, 'try a smaller network'],
    [
      'what lies there already',
      engine.usedBytes,
      'dispose() the models, predictors and trainers that are not needed',
    ],
  ];
  const [name, bytes, advice] = parts.reduce((most, part) => (part[1] > most[1] ? part : most));
  return (
    `plan: needs ${total} bytes (${peakBytes} for activations, ${constantBytes} for packed weights) but WASM memory is at ` +
    `${engine.memoryBytes} bytes, ${engine.usedBytes} of them in use, and cannot grow by that; the most is ` +
    `${name} with ${bytes} bytes${images ? ` for input ${formatShape(images.shape)}` : ''}: ${advice}`
  );
}
