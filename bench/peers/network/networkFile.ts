import { readTensors, writeTensors } from '../../../ts/io/node/weightsFile.ts';
import type { SafetensorsTensor } from '../../../ts/io/safetensors.ts';
import type { Network, Weight } from './layers.ts';

/** Writes a network as safetensors; its layers stand in the metadata. */
export async function writeNetwork(path: string, network: Network): Promise<void> {
  const { weights, ...facts } = network;
  const tensors = [...weights].map(([name, weight]): [string, SafetensorsTensor] => [
    name,
    { dtype: 'F32', ...weight },
  ]);
  await writeTensors(path, {
    tensors: new Map(tensors),
    metadata: { network: JSON.stringify(facts) },
  });
}

/** Reads what {@link writeNetwork} wrote. */
export async function readNetwork(path: string): Promise<Network> {
  const { tensors, metadata } = await readTensors(path);
  const facts = JSON.parse(metadata['network']!) as Omit<Network, 'weights'>;
  return { ...facts, weights: tensors as unknown as ReadonlyMap<string, Weight> };
}
