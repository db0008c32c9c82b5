export {
  parseSafetensors,
  serializeSafetensors,
  type Safetensors,
  type SafetensorsDtype,
  type SafetensorsTensor,
} from './safetensors.ts';
