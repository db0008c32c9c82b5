/**
 * Milliseconds from the import of a build of residua to the first logits of ResNet-18 on one image of 224², weights in memory,
 * one thread; and the first of the logits. Runs in Node and in pages.
 *
 * @param {string} index URL of its index.js
 * @param {Uint8Array} bytes the weights, as safetensors
 */
export async function firstLogits(index, bytes) {
  const image = new Float32Array(224 * 224 * 3).fill(0.5);
  const start = performance.now();
  const { init, loadWeights, parseSafetensors, Predictor, resnet18 } = await import(index);
  const engine = await init({ threads: 1 });
  const model = resnet18();
  loadWeights(model, parseSafetensors(bytes, 'weights').tensors);
  const [logit] = await new Predictor(model).logits(image, [1, 224, 224, 3]);
  return { ms: performance.now() - start, logit, build: engine.build };
}
