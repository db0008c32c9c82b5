import { ShapeError } from '../base/errors.ts';
import { channelsOf, formatShape, sameShape } from '../base/shape.ts';
import type { DType, Shape, Spec } from '../base/shape.ts';

/** Throws TypeError unless the tensor holds this type. */
export function expectType(op: string, name: string, spec: Spec, dtype: DType): void {
  if (spec.dtype !== dtype) {
    throw new TypeError(`${op}: ${name} holds ${spec.dtype} but must hold ${dtype}`);
  }
}

/** Throws {@link ShapeError} unless the tensor is f32 with these axes, given as letters such as `NHWC`. */
export function expectAxes(op: string, name: string, spec: Spec, axes: string): void {
  expectType(op, name, spec, 'f32');
  if (spec.shape.length !== axes.length) {
    const expected = `[${[...axes].join(', ')}]`;
    throw new ShapeError(
      `${op}: ${name} has shape ${formatShape(spec.shape)} but must be ${expected}`,
    );
  }
}

/** Throws {@link ShapeError} unless the tensor is f32 and of this shape, which is `whose`. */
export function expectShape(
  op: string,
  name: string,
  spec: Spec,
  shape: Shape,
  whose: string,
): void {
  expectType(op, name, spec, 'f32');
  if (!sameShape(spec.shape, shape)) {
    const facts = `has shape ${formatShape(spec.shape)} but ${whose} ${formatShape(shape)}`;
    throw new ShapeError(`${op}: ${name} ${facts}`);
  }
}

/** Throws {@link ShapeError} unless the tensor has one f32 for each channel of `input`. */
export function expectPerChannel(op: string, name: string, spec: Spec, input: Spec): void {
  expectType(op, name, spec, 'f32');
  const channels = channelsOf(input.shape);
  if (!sameShape(spec.shape, [channels])) {
    const facts = `has ${channels} channels but ${name} has shape ${formatShape(spec.shape)}`;
    throw new ShapeError(`${op}: input ${formatShape(input.shape)} ${facts}`);
  }
}

/** Throws {@link ShapeError} when an axis has no elements. */
export function expectElements(op: string, name: string, { shape }: Spec): void {
  if (shape.includes(0))
    throw new ShapeError(`${op}: ${name} has shape ${formatShape(shape)} but no axis may be 0`);
}
