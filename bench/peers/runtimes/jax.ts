/** An array of jax-js: an operation uses up its operands, `ref` keeps one for another. */
export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  slice(...ranges: readonly (readonly [] | readonly [number, number])[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Pair = readonly [number, number];

/** What is used of the package. */
export interface Jax {
  init(device: 'wasm'): Promise<readonly string[]>;
  defaultDevice(device: 'wasm'): void;
  blockUntilReady(values: readonly JaxArray[]): Promise<unknown>;
  jit<F>(fn: F): F;
  valueAndGrad(
    fn: (weights: readonly JaxArray[], ...rest: JaxArray[]) => JaxArray,
  ): (weights: readonly JaxArray[], ...rest: JaxArray[]) => [JaxArray, JaxArray[]];
  readonly numpy: {
    array(values: Float32Array | Int32Array, options: { shape: readonly number[] }): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    mean(x: JaxArray, axis?: number | readonly number[]): JaxArray;
    sum(x: JaxArray, axis?: number | readonly number[]): JaxArray;
    square(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    matmul(x: JaxArray, y: JaxArray): JaxArray;
    pad(x: JaxArray, width: readonly Pair[]): JaxArray;
    concatenate(xs: readonly JaxArray[], axis: number): JaxArray;
  };
  readonly nn: {
    relu(x: JaxArray): JaxArray;
    oneHot(x: JaxArray, classes: number): JaxArray;
    logSoftmax(x: JaxArray): JaxArray;
  };
  readonly lax: {
    convGeneralDilated(
      x: JaxArray,
      w: JaxArray,
      strides: readonly number[],
      padding: readonly Pair[],
      options: { rhsDilation: readonly number[]; featureGroupCount: number },
    ): JaxArray;
  };
}
