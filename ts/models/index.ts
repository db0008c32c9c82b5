export * from './cifarResnet.ts';
export { Classifier, type ModelOptions } from './classifier.ts';
export { models } from './registry.ts';
