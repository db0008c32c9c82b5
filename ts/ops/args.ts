import type { Pointer } from '../kernels/step.ts';
import { channelsOf, pixelsOf } from '../base/shape.ts';
import type { Spec } from '../base/shape.ts';
import type { View } from './op.ts';

/** The two arguments that a kernel takes for a tensor: `name` and `nameStride`. */
export function at(name: string, view: View): Record<string, Pointer | number> {
  return { [name]: view.pointer, [`${name}Stride`]: view.stride };
}

/** `pixels` and `channels` of a tensor seen as rows. */
export function rows({ shape }: Spec): { pixels: number; channels: number } {
  return { pixels: pixelsOf(shape), channels: channelsOf(shape) };
}

/** `images`, `height`, `width` and `channels` of a tensor of images. */
export function imagesOf({
  shape,
}: Spec): Record<'images' | 'height' | 'width' | 'channels', number> {
  return { images: shape[0]!, height: shape[1]!, width: shape[2]!, channels: shape[3]! };
}

/** A place `bytes` further on. */
export function after(pointer: Pointer, bytes: number): Pointer {
  return { buffer: pointer.buffer, byteOffset: pointer.byteOffset + bytes };
}
