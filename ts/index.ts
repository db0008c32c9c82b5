/** residua: residual and dense convolutional networks on WASM SIMD kernels. */
export { apply, named } from './core/apply.ts';
export { compile, type CompileOptions } from './compile/compile.ts';
export type { Plan } from './compile/plan.ts';
export { planRows, type PlanRow } from './compile/printPlan.ts';
export { parameter, state, tensor, zeros } from './core/create.ts';
export { currentEngine, init, useEngine } from './core/init.ts';
export * from './base/errors.ts';
export type { Width } from './kernels/chooseWidth.ts';
export type { EngineOptions } from './kernels/createEngine.ts';
export type { Engine, Numerics } from './kernels/engine.ts';
export { leaks, type Leak } from './core/leaks.ts';
export { summary, type Summary, type SummaryRow } from './nn/summary.ts';
export { probe } from './kernels/probe.ts';
export * from './models/index.ts';
export * from './nn/index.ts';
export { AdamW, type AdamWOptions } from './optim/adamW.ts';
export { Optimizer, type Parameters } from './optim/optimizer.ts';
export * from './optim/schedule.ts';
export { SGD, type SGDOptions } from './optim/sgd.ts';
export { scope } from './core/scope.ts';
export type { DType, Shape, Spec } from './base/shape.ts';
export { gradients } from './core/gradients.ts';
export { noGrad } from './core/tape.ts';
export { Tensor } from './core/tensor.ts';
export {
  checkpointFacts,
  checkpointTensors,
  modelOfCheckpoint,
  restoreCheckpoint,
  restoreWeights,
  type CheckpointFacts,
  type CheckpointInfo,
} from './train/checkpoint.ts';
export type * from './train/metrics.ts';
export { Predictor, type Images, type PredictorOptions } from './train/predictor.ts';
export type { EvaluateOptions } from './train/evaluator.ts';
export type { FitOptions, FitReport } from './train/fitOptions.ts';
export type { RunStart } from './train/runPosition.ts';
export { Trainer } from './train/trainer.ts';
export type { TrainerOptions } from './train/trainerOptions.ts';
export * from './functions/index.ts';
export * from './data/index.ts';
export * from './io/index.ts';
