export { toGrey, toRgb, type Image } from './image.ts';
export { decodePng } from './png.ts';
export { resize, type ResizeOptions } from './resize.ts';
export {
  parseSafetensors,
  serializeSafetensors,
  type Safetensors,
  type SafetensorsDtype,
  type SafetensorsTensor,
  type UnreadDtype,
} from './safetensors.ts';
export {
  loadWeights,
  saveWeights,
  type LoadWeightsOptions,
  type Rename,
  type SaveWeightsOptions,
  type WeightsReport,
} from './weights.ts';
export { readShards, splitShards, type Shards } from './shards.ts';
