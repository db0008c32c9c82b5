/** One line of the comparison: a network, its images, and on how many threads. */
export interface Workload {
  readonly pass: 'infer' | 'train';
  readonly model: string;
  readonly size: number;
  readonly channels: number;
  readonly batch: number;
  readonly threads: number;
  readonly numerics: 'fast' | 'strict';
}

/** `resnet18 224² b1 t1`. */
export function workloadName({ model, size, batch, threads }: Workload): string {
  return `${model} ${size}² b${batch} t${threads}`;
}
