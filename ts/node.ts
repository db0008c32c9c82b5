/** residua/node: data sets, checkpoints and runs as files, for Node and Deno. */
export { DATASETS as datasets } from './data/catalog.ts';
export { loadDataset, type LoadDatasetOptions } from './data/node/datasets.ts';
export type { DownloadProgress } from './data/node/download.ts';
export { toGrey, toRgb, type Image } from './io/image.ts';
export { readImage } from './io/node/image.ts';
export {
  loadWeightsFile,
  readTensors,
  saveWeightsFile,
  writeTensors,
  type WriteTensorsOptions,
} from './io/node/weightsFile.ts';
export { writeAtomic } from './io/node/writeAtomic.ts';
export { resize, type ResizeOptions } from './io/resize.ts';
export { enableWideSimd, type WideSimd } from './kernels/enableWideSimd.ts';
export { loadCheckpoint, saveCheckpoint } from './train/node/checkpointFile.ts';
export type {
  EpochRecord,
  MetricsLog,
  MetricsRecord,
  StepRecord,
} from './train/node/metricsLog.ts';
export { RunDirectory } from './train/node/runDirectory.ts';
export { renderReport } from './train/node/laterReport.ts';
export type { ReportContents } from './train/node/report.ts';
