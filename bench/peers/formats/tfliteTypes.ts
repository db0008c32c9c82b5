/** Fields of a table of TensorFlow Lite's schema.fbs by their number: whole numbers, bytes or truth values. */
export interface TfliteOptions {
  /** Number of the table in the union BuiltinOptions. */
  readonly type: number;
  readonly fields: readonly (readonly [field: number, size: 'byte' | 'int', value: number])[];
}

/** An operator of {@link TfliteModel}; inputs and output are numbers of tensors, -1 for none. */
export interface TfliteOperator {
  /** Number in the enumeration BuiltinOperator. */
  readonly code: number;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly options?: TfliteOptions;
}

/** A model in the terms of schema.fbs, with one subgraph. */
export interface TfliteModel {
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data?: Float32Array | Int32Array;
  }[];
  readonly operators: readonly TfliteOperator[];
  readonly input: number;
  readonly output: number;
}
