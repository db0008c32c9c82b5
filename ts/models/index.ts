export * from './alexnet.ts';
export * from './cifarResnet.ts';
export { Classifier, type ModelOptions } from './classifier.ts';
export * from './densenet.ts';
export * from './googlenet.ts';
export { models } from './registry.ts';
export * from './resnet.ts';
export * from './resnetRecipes.ts';
export * from './vgg.ts';
