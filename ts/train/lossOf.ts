import { crossEntropy, type CrossEntropyOptions } from '../functions/crossEntropy.ts';
import { Classifier, type LossAndLogits } from '../models/classifier.ts';
import type { Module } from '../nn/module.ts';
import type { Tensor } from '../core/tensor.ts';

/** A network's own loss, or cross-entropy of what any other module gives. */
export function lossOf(
  model: Module,
  x: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions,
): LossAndLogits {
  if (model instanceof Classifier) return model.loss(x, labels, options);
  const logits = model.forward(x);
  return { logits, loss: crossEntropy(logits, labels, options) };
}
