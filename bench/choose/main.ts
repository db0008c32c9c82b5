import { parseArgs } from 'node:util';
import { useEngine } from '../../ts/core/init.ts';
import { formatTable } from '../../ts/base/formatTable.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { timeInterleaved } from '../../ts/inspect/timing.ts';
import { parseSimd } from '../simd.ts';
import { geometriesOf, type Geometry } from './geometries.ts';
import { variantsOf, type Pass } from './variants.ts';

/** Networks whose convolutions are all those of ResNets, DenseNets and VGGs for photographs. */
const PHOTOGRAPHS = [
  ...['resnet18', 'resnet50', 'wide_resnet50_2', 'resnext50_32x4d', 'preact_resnet50'],
  ...['densenet121', 'densenet161', 'densenet201', 'vgg13', 'googlenet'],
];
/** Networks whose convolutions are all those of the nets for small images. */
const SMALL = ['resnet20', 'densenet40', 'densenet_bc100', 'preact_resnet18'];
/** A pick may be slower than the best by this share. */
const ALLOWED = 0.1;
/** Side of images that networks for photographs take. */
const SMALLEST_PHOTOGRAPH = 64;
const SUITES = 'take infer and a side (infer224), or train and a batch (train32)';
const TRAINING = ['forward', 'backwardInput', 'backwardWeight'] as const;

interface Choice {
  /** Bits of the vectors of the build that was timed. */
  readonly simd: 128 | 256;
  readonly pass: Pass;
  readonly geometry: Geometry;
  readonly picked: string;
  readonly best: string;
  /** Time of the pick by that of the best, 1 or more. */
  readonly ratio: number;
  /** Milliseconds and GFLOP/s of every variant. */
  readonly variants: readonly { algorithm: string; ms: number; gflops: number }[];
}

/**
 * `npm run bench -- choose [--suites infer224,train32] [--part 1/4] [--threads 1] [--simd auto] [--json]`: times every variant
 * of the networks' convolutions and fails where chooseConvAlgorithm takes one that is more than 10 % slower than the best.
 */
export async function choose(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      suites: { type: 'string', default: 'infer224,infer128,infer32,train32,train128' },
      part: { type: 'string', default: '1/1' },
      threads: { type: 'string', default: '1' },
      simd: { type: 'string', default: 'auto' },
      json: { type: 'boolean', default: false },
    },
  });
  const engine = await createEngine({
    threads: Number(values.threads),
    simd: parseSimd(values.simd),
  });
  useEngine(engine);
  const problems = values.suites.split(',').flatMap(problemsOf);
  const [part, parts] = values.part.split('/').map(Number) as [number, number];
  const choices: Choice[] = [];
  for (const [index, { pass, geometry }] of problems.entries()) {
    if (index % parts !== part - 1) continue;
    const choice = await time(engine, pass, geometry);
    if (choice) choices.push(choice);
  }
  engine.close();
  const offenders = choices.filter(({ ratio }) => ratio > 1 + ALLOWED);
  if (values.json) process.stdout.write(`${JSON.stringify(choices, null, 1)}\n`);
  else process.stdout.write(`${describe(choices, offenders, engine.simd)}\n`);
  process.exitCode = offenders.length > 0 ? 1 : 0;
}

function problemsOf(suite: string): { pass: Pass; geometry: Geometry }[] {
  const [, kind, number] = /^(infer|train)(\d+)$/.exec(suite) ?? [];
  if (kind === 'infer') {
    const size = Number(number);
    const geometries = geometriesOf(size < SMALLEST_PHOTOGRAPH ? SMALL : PHOTOGRAPHS, size, 1);
    return geometries.map((geometry) => ({ pass: 'inference', geometry }));
  }
  if (kind === undefined) throw new Error(`bench choose: there is no suite ${suite}: ${SUITES}`);
  return geometriesOf(SMALL, 32, Number(number)).flatMap((geometry) =>
    TRAINING.filter((pass) => pass !== 'backwardInput' || geometry.x[3]! > 3).map((pass) => ({
      pass,
      geometry,
    })),
  );
}

/** Times the variants; a pick that looks wrong is timed again for longer. */
async function time(engine: Engine, pass: Pass, geometry: Geometry): Promise<Choice | undefined> {
  const { variants, flops, dispose } = variantsOf(engine, geometry, pass);
  try {
    if (variants.length < 2) return undefined;
    let choice: Choice | undefined;
    for (const rounds of [5, 15]) {
      const timed = variants.map((variant) => ({ ...variant, name: variant.algorithm }));
      const times = await timeInterleaved(timed, { rounds, visitMs: 4 });
      const msOf = (variant: (typeof timed)[number]): number => times.get(variant)!.medianMs;
      const picked = timed.find((variant) => variant.picked)!;
      const best = timed.reduce((a, b) => (msOf(b) < msOf(a) ? b : a));
      choice = {
        simd: engine.simd,
        pass,
        geometry,
        picked: picked.algorithm,
        best: best.algorithm,
        ratio: msOf(picked) / msOf(best),
        variants: timed.map((variant) => ({
          algorithm: variant.algorithm,
          ms: msOf(variant),
          gflops: flops / msOf(variant) / 1e6,
        })),
      };
      if (choice.ratio <= 1 + ALLOWED) break;
    }
    return choice;
  } finally {
    dispose();
  }
}

function describe(choices: readonly Choice[], offenders: readonly Choice[], simd: number): string {
  const right = `${choices.length - offenders.length} of ${choices.length} picks at ${simd} bits are within ${100 * ALLOWED} % of the best variant`;
  if (offenders.length === 0) return right;
  const rows = [...offenders]
    .sort((a, b) => b.ratio - a.ratio)
    .map(({ pass, geometry, picked, variants, ratio }) => [
      pass,
      geometry.name,
      geometry.x.join('×'),
      `${geometry.w[0]}×${geometry.w[1]} → ${geometry.w[3]}`,
      picked,
      ratio.toFixed(2),
      variants.map(({ algorithm, gflops }) => `${algorithm} ${gflops.toFixed(0)}`).join(', '),
    ]);
  const head = ['pass', 'first of', 'input', 'kernel', 'picked', 'by best', 'GFLOP/s'];
  const table = formatTable(head, rows, ['left', 'left', 'left', 'left', 'left', 'right', 'left']);
  return `${table}\n${right}`;
}
