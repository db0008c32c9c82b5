import { writeFile } from 'node:fs/promises';
import { importPeer } from '../importPeer.ts';
import type { Network } from '../network/layers.ts';
import { onnxModel } from './onnx.ts';
import type { OnnxModel } from './onnxTypes.ts';

interface OnnxProto {
  readonly onnx: {
    readonly ModelProto: { encode(model: OnnxModel): { finish(): Uint8Array } };
  };
}

/** Writes a network as an ONNX file. */
export async function writeOnnx(path: string, network: Network): Promise<void> {
  const { onnx } = await importPeer<OnnxProto>('onnx-proto');
  await writeFile(path, onnx.ModelProto.encode(onnxModel(network)).finish());
}
