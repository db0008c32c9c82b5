import { readTensors } from '../../io/node/weightsFile.ts';
import { writeAtomic } from '../../io/node/writeAtomic.ts';
import { serializeSafetensors, type Safetensors } from '../../io/safetensors.ts';
import { checkpointTensors, type CheckpointInfo } from '../checkpoint.ts';
import type { Trainer } from '../trainer.ts';

/**
 * Writes a checkpoint in one piece.
 *
 * @throws {Error} naming the path and the cause; a file that was there before is then as it was
 */
export async function saveCheckpoint(
  path: string,
  trainer: Trainer,
  info: CheckpointInfo,
): Promise<void> {
  const { tensors, metadata } = checkpointTensors(trainer, info);
  await writeAtomic(path, serializeSafetensors(tensors, metadata));
}

/**
 * Reads a checkpoint, for `restoreCheckpoint`, `restoreWeights` or `modelOfCheckpoint`.
 *
 * @throws {FormatError} for a file that is truncated or no safetensors file
 * @throws {Error} for a file that cannot be read
 */
export async function loadCheckpoint(path: string): Promise<Safetensors> {
  return readTensors(path);
}
