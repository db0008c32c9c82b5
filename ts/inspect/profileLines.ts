import type { Cost, Profile, ProfileKind, ProfileRow } from './profilePlan.ts';

/** Titles of a step's cells. */
export const STEP_HEAD = ['place', 'op', 'output', ...costHead()] as const;
/** Titles of a kind's cells. */
export const KIND_HEAD = ['op', 'count', ...costHead()] as const;

/** What the columns of both tables mean. */
export const LEGEND = [
  'dx, dw: gradient of the input, of the weight; GF/s: GFLOP/s as the op defines them',
  'ceil: of multiply-adds on registers (Winograd multiplies less, so it may pass 100 %)',
  'MB: inputs and outputs; mem: of a copy in main memory (data in caches may pass 100 %)',
] as const;

/** Ops that follow one another and differ in size alone, as an optimizer's do, as one. */
export interface Step extends ProfileRow {
  readonly count: number;
}

/** The steps of a profile in their order. */
export function stepsOf({ rows }: Profile): Step[] {
  const steps: Step[] = [];
  for (const row of rows) {
    const last = steps.at(-1);
    const [output, kernels] = [row.output, String(row.kernels)];
    if (last && last.path === row.path && last.op === row.op && !isLayer(row)) {
      steps[steps.length - 1] = {
        ...merge(last, row),
        output: last.output === output ? output : '',
        kernels: String(last.kernels) === kernels ? row.kernels : [],
      };
    } else steps.push({ ...row, count: 1 });
  }
  return steps;
}

const isLayer = ({ flops }: ProfileRow): boolean => flops > 0;

function merge(a: Step, b: ProfileRow): Step {
  const medianMs = a.medianMs + b.medianMs;
  const mean = (field: 'gflops' | 'ceilingShare' | 'gigabytesPerSecond' | 'memoryShare'): number =>
    (a[field] * a.medianMs + b[field] * b.medianMs) / medianMs;
  return {
    ...b,
    count: a.count + 1,
    medianMs,
    share: a.share + b.share,
    flops: a.flops + b.flops,
    gflops: mean('gflops'),
    ceilingShare: mean('ceilingShare'),
    bytes: a.bytes + b.bytes,
    gigabytesPerSecond: mean('gigabytesPerSecond'),
    memoryShare: mean('memoryShare'),
  };
}

/** A step as cells under {@link STEP_HEAD}. */
export function stepCells(step: Step): string[] {
  const [output = ''] = step.output.split(/(?<=]) /);
  return [step.path, opName(step), output.slice(1, -1).replaceAll(', ', '×'), ...costCells(step)];
}

/** A kind as cells under {@link KIND_HEAD}. */
export const kindCells = (kind: ProfileKind): string[] => [
  kind.op,
  String(kind.count),
  ...costCells(kind),
];

/** `conv2d dw outer_product`: the op, and which of its kernels where there are several. */
export function opName({ op, kernels, count }: Pick<Step, 'op' | 'kernels' | 'count'>): string {
  const short = op.replace(/BackwardInput$/, ' dx').replace(/BackwardWeight$/, ' dw');
  const variants = kernels
    .filter((kernel) => !/\.pack\.|^sum_pixels/.test(kernel))
    .map((kernel) => kernel.slice(kernel.indexOf('/') + 1))
    .filter((variant) => variant !== 'simd' && variant !== 'scalar');
  const names = [...new Set(variants)].join('+');
  return [short, names, count > 1 ? `× ${count}` : ''].filter(Boolean).join(' ');
}

function costHead(): string[] {
  return ['ms', 'GF/s', 'ceil', 'MB', 'GB/s', 'mem', 'share'];
}

function costCells(cost: Cost): string[] {
  const share = (value: number): string => `${(100 * value).toFixed(0)}%`;
  const { medianMs, flops, gflops, bytes, gigabytesPerSecond, memoryShare } = cost;
  return [
    significant(medianMs),
    flops > 0 ? gflops.toFixed(1) : '',
    flops > 0 ? share(cost.ceilingShare) : '',
    significant(bytes / 1e6),
    bytes > 0 ? gigabytesPerSecond.toFixed(1) : '',
    bytes > 0 ? share(memoryShare) : '',
    `${(100 * cost.share).toFixed(1)}%`,
  ];
}

const significant = (value: number): string =>
  value.toFixed(value < 1 ? 3 : value < 10 ? 2 : value < 1000 ? 1 : 0);

/** The sums under the tables: name and value. */
export function profileTotals(profile: Profile): [string, string][] {
  const { planMs, opsMs, betweenMs, rounds, ceilingGflops, memoryGigabytesPerSecond } = profile;
  const milliseconds = (value: number): string => `${value.toFixed(3)} ms`;
  const threads = `${profile.threads} thread${profile.threads === 1 ? '' : 's'}`;
  return [
    ['case', `${profile.name}, ${profile.pass}, batch ${profile.batch}`],
    ['runtime', `${profile.runtime}, build ${profile.build}, ${profile.simd} bits`],
    ['measured', `${threads}, ${rounds} rounds`],
    ['whole plan', milliseconds(planMs)],
    ['sum of its ops', milliseconds(opsMs)],
    [
      'between steps',
      `${milliseconds(betweenMs)}, ${((100 * betweenMs) / planMs).toFixed(1)} % of the plan`,
    ],
    ['multiply-add ceiling', `${ceilingGflops.toFixed(1)} GFLOP/s`],
    ['copy in memory', `${memoryGigabytesPerSecond.toFixed(1)} GB/s, read and written`],
  ];
}
