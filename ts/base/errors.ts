/** Shapes that do not fit an operation; the message names the place, the action and both facts. */
export class ShapeError extends RangeError {
  override name = 'ShapeError';
}

/** Control characters as escapes: names in a damaged file must not break a message, or steer a terminal. */
const visible = (message: string): string =>
  message.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** A checkpoint or weight file that does not fit the model or is not what it claims to be. */
export class StateDictError extends Error {
  override name = 'StateDictError';

  constructor(message: string, options?: ErrorOptions) {
    super(visible(message), options);
  }
}

/** A data file (IDX, CIFAR, image, safetensors) that is not what it claims to be. */
export class FormatError extends Error {
  override name = 'FormatError';

  constructor(message: string, options?: ErrorOptions) {
    super(visible(message), options);
  }
}

/** A value became NaN or infinite; names the op and the step that produced it first. */
export class NonFiniteError extends Error {
  override name = 'NonFiniteError';
}

/** WASM memory cannot hold what was asked for. */
export class OutOfMemoryError extends Error {
  override name = 'OutOfMemoryError';
}
