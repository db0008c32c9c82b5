export * from './cifarResnet.ts';
export { models, type ModelOptions } from './registry.ts';
