import { describe, expect, it } from 'vitest';
import { buildsFor } from '../../scripts/setup/buildsFor.mjs';
import { allBuilds } from '../../scripts/setup/wasm.mjs';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import type { EngineOptions } from '../../ts/kernels/createEngine.ts';

describe('what npm start builds', () => {
  it.each<[string[], EngineOptions]>([
    [[], {}],
    [['--threads', '1'], { threads: 1 }],
    [['--threads=2'], { threads: 2 }],
    [['--threads', '1', '--threads', '2'], { threads: 2 }],
    [['--numerics', 'strict'], { numerics: 'strict' }],
    [['train', '--numerics=strict', '--threads', '1'], { numerics: 'strict', threads: 1 }],
    [['--numerics', 'fast', '--epochs', '3'], { numerics: 'fast' }],
  ])('%j: the one build that its engine loads', async (args, options) => {
    const builds = buildsFor(args);
    const engine = await createEngine(options);
    expect(builds).toEqual([engine.build]);
    engine.close();
  });

  it.each([[['--resume', 'runs/a']], [['--resume=runs/a', '--threads', '1']]])(
    '%j: all, as the run that goes on says which',
    (args) => {
      expect(buildsFor(args)).toEqual(allBuilds);
    },
  );
});
