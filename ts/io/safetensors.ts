export { parseSafetensors } from './safetensors/parse.ts';
export { serializeSafetensors } from './safetensors/serialize.ts';
export type { SafetensorsDtype, SafetensorsTensor, UnreadDtype } from './safetensors/storage.ts';
export type { Safetensors } from './safetensors/storage.ts';
