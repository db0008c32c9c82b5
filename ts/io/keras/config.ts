import { FormatError } from '../../base/errors.ts';
import { isObject } from '../safetensors/json.ts';
import type { KerasSettings } from './layers.ts';

/** What a model's configuration says of a layer. */
export interface ConfiguredLayer {
  /** Its name, after those of the models that it lies in, with slashes between. */
  readonly name: string;
  /** Its group in a weights file: `layers/` and the class in snake case, numbered, after those of its models. */
  readonly group: string;
  /** Its class. */
  readonly kind: string;
  readonly settings: KerasSettings;
  /** Height and width of what it reads, where stated. */
  readonly inputSize?: readonly [number, number];
  /** Whether it is an operation on tensors, which has no settings but numbers among its operands. */
  readonly isOperation: boolean;
  /** Operands of an operation that are numbers, with their places. */
  readonly numbers: readonly { readonly place: number; readonly value: number }[];
  /** Whether all operands of an operation are results of layers. */
  readonly isPure: boolean;
}

const MOST_DEPTH = 32;

/**
 * Layers of a functional or sequential model and of the models inside it, in order, models before their layers; none for a
 * subclassed one, whose configuration has no list.
 *
 * @throws {FormatError} for text that is not JSON
 */
export function configuredLayers(text: string, file: string): ConfiguredLayer[] {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${file}: keras: its configuration is not JSON`, { cause });
  }
  const layers: ConfiguredLayer[] = [];
  if (isObject(config)) collect(config, '', '', layers, file, MOST_DEPTH);
  return layers;
}

function collect(
  model: Readonly<Record<string, unknown>>,
  namePrefix: string,
  groupPrefix: string,
  to: ConfiguredLayer[],
  file: string,
  depth: number,
): void {
  if (depth === 0) {
    throw new FormatError(
      `${file}: keras: its configuration has models inside models more than ${MOST_DEPTH} deep`,
    );
  }
  const inner = isObject(model['config']) ? model['config'] : {};
  const list = Array.isArray(inner['layers']) ? inner['layers'].filter(isObject) : [];
  const counts = new Map<string, number>();
  for (const layer of list) {
    const kind = String(layer['class_name']);
    const isOperation = String(layer['module']).startsWith('keras.src.ops');
    const snake = snakeCase(kind);
    // Operations have no groups.
    const count = isOperation ? 0 : (counts.get(snake) ?? 0);
    if (!isOperation) counts.set(snake, count + 1);
    const settings = isObject(layer['config']) ? layer['config'] : {};
    const own = String(settings['name'] ?? layer['name']);
    const name = namePrefix + own;
    const group = `${groupPrefix}layers/${count === 0 ? snake : `${snake}_${count}`}`;
    const inputSize = sizeOf(layer['build_config']);
    to.push({
      name,
      group,
      kind,
      settings,
      ...(inputSize && { inputSize }),
      isOperation,
      numbers: isOperation ? numbersOf(layer['inbound_nodes']) : [],
      isPure: !isOperation || operandsOf(layer['inbound_nodes']).every(isResult),
    });
    if (Array.isArray(settings['layers'])) {
      collect(layer, `${name}/`, `${group}/`, to, file, depth - 1);
    }
  }
}

function sizeOf(build: unknown): readonly [number, number] | undefined {
  const shape: unknown = isObject(build) ? build['input_shape'] : undefined;
  if (!Array.isArray(shape) || shape.length !== 4) return undefined;
  const [, height, width] = shape as unknown[];
  return typeof height === 'number' && typeof width === 'number' ? [height, width] : undefined;
}

function operandsOf(nodes: unknown): readonly unknown[] {
  const first: unknown = Array.isArray(nodes) ? nodes[0] : undefined;
  const operands: unknown = isObject(first) ? first['args'] : undefined;
  return Array.isArray(operands) ? operands : [];
}

function numbersOf(nodes: unknown): ConfiguredLayer['numbers'] {
  return operandsOf(nodes).flatMap((value, place) =>
    typeof value === 'number' ? [{ place, value }] : [],
  );
}

const isResult = (operand: unknown): boolean =>
  Array.isArray(operand)
    ? operand.every(isResult)
    : isObject(operand) && operand['class_name'] === '__keras_tensor__';

/** As Keras names groups: `Conv2D` is `conv2d`, `BatchNormalization` is `batch_normalization`. */
function snakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
