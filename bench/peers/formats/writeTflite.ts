import { writeFile } from 'node:fs/promises';
import { importPeer } from '../importPeer.ts';
import type { Network } from '../network/layers.ts';
import { tfliteModel } from './tflite.ts';
import type { TfliteModel, TfliteOperator } from './tfliteTypes.ts';

/** A place in the buffer. */
type Offset = number;

interface Builder {
  prep(size: number, additional: number): void;
  createByteVector(bytes: Uint8Array): Offset;
  createString(text: string): Offset;
  startVector(elementBytes: number, count: number, alignment: number): void;
  addInt32(value: number): void;
  addOffset(offset: Offset): void;
  endVector(): Offset;
  startObject(fields: number): void;
  addFieldInt8(field: number, value: number, otherwise: number): void;
  addFieldInt32(field: number, value: number, otherwise: number): void;
  addFieldOffset(field: number, value: Offset, otherwise: Offset): void;
  endObject(): Offset;
  finish(root: Offset, identifier: string): void;
  asUint8Array(): Uint8Array;
}

interface Flatbuffers {
  readonly Builder: new (initialBytes: number) => Builder;
}

/** Bytes that everything but the weights takes at most. */
const REST_BYTES = 2 ** 20;

/** Fields of a table of options, and versions of the schema and its operators. */
const [OPTION_FIELDS, SCHEMA, VERSION] = [8, 3, 1];

/** TensorType of schema.fbs: FLOAT32 is the default. */
const INT32 = 2;

/** Writes a network as a TensorFlow Lite file; field numbers are those of TensorFlow's schema.fbs, version 3. */
export async function writeTflite(path: string, network: Network): Promise<void> {
  const { Builder } = await importPeer<Flatbuffers>('flatbuffers');
  await writeFile(path, encode(Builder, tfliteModel(network)));
}

function encode(
  BuilderClass: Flatbuffers['Builder'],
  { tensors, operators, input, output }: TfliteModel,
): Uint8Array {
  const weightBytes = tensors.reduce((sum, { data }) => sum + (data?.byteLength ?? 0) + 64, 0);
  const builder = new BuilderClass(weightBytes + REST_BYTES);
  const table = (fields: number, fill: () => void): Offset => {
    builder.startObject(fields);
    fill();
    return builder.endObject();
  };
  const vector = (values: readonly number[], add: (value: number) => void): Offset => {
    builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) add(value);
    return builder.endVector();
  };
  const integers = (values: readonly number[]): Offset =>
    vector(values, (value) => builder.addInt32(value));
  const offsets = (values: readonly Offset[]): Offset =>
    vector(values, (value) => builder.addOffset(value));

  // The first buffer is empty by rule: tensors without data refer to it.
  const buffers: Offset[] = [table(1, () => undefined)];
  const tensorTables = tensors.map(({ name, shape, data }) => {
    let buffer = 0;
    if (data) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      builder.prep(16, bytes.length);
      const contents = builder.createByteVector(bytes);
      buffer = buffers.push(table(1, () => builder.addFieldOffset(0, contents, 0))) - 1;
    }
    const [title, sizes] = [builder.createString(name), integers(shape)];
    return table(4, () => {
      builder.addFieldOffset(0, sizes, 0);
      if (data instanceof Int32Array) builder.addFieldInt8(1, INT32, 0);
      builder.addFieldInt32(2, buffer, 0);
      builder.addFieldOffset(3, title, 0);
    });
  });
  const codes = [...new Set(operators.map(({ code }) => code))];
  const operatorTables = operators.map((operator) => {
    const inputs = integers(operator.inputs);
    const outputs = integers([operator.output]);
    const options = operator.options && optionsTable(table, builder, operator);
    return table(5, () => {
      builder.addFieldInt32(0, codes.indexOf(operator.code), 0);
      builder.addFieldOffset(1, inputs, 0);
      builder.addFieldOffset(2, outputs, 0);
      if (options === undefined) return;
      builder.addFieldInt8(3, operator.options!.type, 0);
      builder.addFieldOffset(4, options, 0);
    });
  });
  const codeTables = codes.map((code) =>
    table(4, () => {
      builder.addFieldInt8(0, code, 0);
      builder.addFieldInt32(2, VERSION, VERSION);
      builder.addFieldInt32(3, code, 0);
    }),
  );
  const graphFields = [
    offsets(tensorTables),
    integers([input]),
    integers([output]),
    offsets(operatorTables),
  ];
  const graph = table(5, () => {
    graphFields.forEach((offset, field) => builder.addFieldOffset(field, offset, 0));
  });
  const modelFields = [offsets(codeTables), offsets([graph]), offsets(buffers)] as const;
  const model = table(5, () => {
    builder.addFieldInt32(0, SCHEMA, 0);
    builder.addFieldOffset(1, modelFields[0], 0);
    builder.addFieldOffset(2, modelFields[1], 0);
    builder.addFieldOffset(4, modelFields[2], 0);
  });
  builder.finish(model, 'TFL3');
  return builder.asUint8Array();
}

function optionsTable(
  table: (fields: number, fill: () => void) => Offset,
  builder: Builder,
  { options }: TfliteOperator,
): Offset {
  return table(OPTION_FIELDS, () => {
    for (const [field, size, value] of options!.fields) {
      // The defaults of the schema differ from table to table; a value that is always there needs none.
      if (size === 'byte') builder.addFieldInt8(field, value, -1);
      else builder.addFieldInt32(field, value, -1);
    }
  });
}
