import { useEngine } from '../../ts/core/init.ts';
import { inferenceCase, trainingCase } from '../../ts/inspect/modelCases.ts';
import { runtimeName } from '../../ts/inspect/runtimeName.ts';
import { visit } from '../../ts/inspect/timing.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import { resnet20 } from '../../ts/models/cifarResnet.ts';
import { resnet18 } from '../../ts/models/resnetRecipes.ts';
import type { Simd } from '../simd.ts';

/** Milliseconds that a case is run for in a round. */
const VISIT_MS = 300;

/** What a runtime says of itself. */
export interface Facts {
  readonly runtime: string;
  readonly build: string;
  readonly threads: number;
  /** Bits of the vectors of the build. */
  readonly simd: 128 | 256;
}

/** Milliseconds of the fastest call in a round: ResNet-18 on one 224² image, a step of ResNet-20 on 32 of 32². */
export interface RoundTimes {
  readonly inference: number;
  readonly training: number;
}

/** Both cases in this runtime, ready to be timed. */
export interface Rounds {
  readonly facts: Facts;
  round(): Promise<RoundTimes>;
}

/** Sets up the two cases that every runtime is compared on. */
export async function prepareRounds(threads: number, simd: Simd): Promise<Rounds> {
  const engine = await createEngine({ threads, simd });
  useEngine(engine);
  const inference = inferenceCase(engine, {
    name: 'resnet18',
    create: resnet18,
    size: 224,
    batch: 1,
    inChannels: 3,
  });
  const training = trainingCase(engine, {
    name: 'resnet20',
    create: resnet20,
    size: 32,
    batch: 32,
    inChannels: 3,
  });
  return {
    facts: {
      runtime: runtimeName(),
      build: engine.build,
      threads: engine.threads,
      simd: engine.simd,
    },
    round: async () => ({
      inference: await visit(inference, VISIT_MS),
      training: await visit(training, VISIT_MS),
    }),
  };
}
