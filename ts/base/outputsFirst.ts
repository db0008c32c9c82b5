/** Weights `[taps, inputs, outputs]` as PyTorch has them, `[outputs, inputs, taps]`. */
export function outputsFirst(
  weights: Float32Array,
  inputs: number,
  outputs: number,
): Float32Array<ArrayBuffer> {
  const turned = new Float32Array(weights.length);
  const taps = weights.length / (inputs * outputs);
  for (let tap = 0, from = 0; tap < taps; tap++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        turned[(output * inputs + input) * taps + tap] = weights[from++]!;
      }
    }
  }
  return turned;
}
