export { loadWeights, type LoadWeightsOptions, type WeightsReport } from './weights/load.ts';
export type { Rename } from './weights/names.ts';
export { saveWeights, type SaveWeightsOptions } from './weights/save.ts';
