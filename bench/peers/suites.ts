import type { Workload } from './workload.ts';

type Short = readonly [model: string, size: number, batch: number];

const NETWORKS: readonly Short[] = [
  ['resnet18', 224, 1],
  ['resnet34', 224, 1],
  ['resnet50', 224, 1],
  ['resnet101', 224, 1],
  ['resnet152', 224, 1],
  ['densenet121', 224, 1],
  ['vgg13_bn', 224, 1],
  ['resnet18', 224, 8],
];

const STEPS: readonly Short[] = [
  ['resnet20', 32, 32],
  ['resnet20', 32, 128],
  ['densenet40', 32, 32],
  ['resnet18', 64, 32],
  ['resnet50', 224, 8],
  ['densenet121', 224, 4],
];

const workloads =
  (pass: Workload['pass'], list: readonly Short[]) =>
  (threads: number, numerics: Workload['numerics']): Workload[] =>
    list.map(([model, size, batch]) => ({
      pass,
      model,
      size,
      channels: 3,
      batch,
      threads,
      numerics,
    }));

/** The whole tables: inference of the networks for photographs, and training steps. */
export const suites = { infer: workloads('infer', NETWORKS), train: workloads('train', STEPS) };
