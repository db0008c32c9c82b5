/** residua/keras: weights of Keras, from `.keras`, `.weights.h5`, `.h5` and `.npz` files, anywhere. */
export { loadKerasWeights, type KerasReport, type LoadKerasOptions } from './io/keras/load.ts';
export type { KerasOtherLayer, KerasSettings } from './io/keras/layers.ts';
