import { describe, expect, it } from 'vitest';
import { buildsFor } from '../../scripts/setup/buildsFor.mjs';
import { allBuilds, WIDE_NODES } from '../../scripts/setup/wasm.mjs';
import { WIDE_NODES as inTool } from '../../ts/cli/startEngine.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import type { EngineOptions } from '../../ts/kernels/createEngine.ts';

const major = Number(process.versions.node.split('.')[0]);

describe('what npm start builds', () => {
  it.each<[string[], EngineOptions]>([
    [[], {}],
    [['--threads', '1'], { threads: 1 }],
    [['--threads=2'], { threads: 2 }],
    [['--threads', '1', '--threads', '2'], { threads: 2 }],
    [['--numerics', 'strict'], { numerics: 'strict' }],
    [['train', '--numerics=strict', '--threads', '1'], { numerics: 'strict', threads: 1 }],
    [['--numerics', 'fast', '--epochs', '3'], { numerics: 'fast' }],
    [['--simd', '128'], { simd: 128 }],
    [['--simd=256', '--threads', '1'], { simd: 256, threads: 1 }],
    [['--simd', 'auto', '--numerics', 'strict'], { numerics: 'strict' }],
  ])(
    '%j: the build that its engine loads, of both widths where it may be either',
    async (args, options) => {
      // First, as it switches relaxed SIMD on in Node 20.
      const builds = buildsFor(args);
      const widths = WIDE_NODES.includes(major) ? ([256, 128] as const) : ([128] as const);
      const asked = options.simd === undefined ? widths : [options.simd];
      const engines = await Promise.all(asked.map((simd) => createEngine({ ...options, simd })));
      const extraOf = { 128: 'extra', 256: 'extra-256' } as const;
      expect(builds).toEqual(engines.flatMap(({ build, simd }) => [build, extraOf[simd]]));
      for (const engine of engines) engine.close();
    },
  );

  it('knows the same versions of Node as the command-line tool', () => {
    expect(WIDE_NODES).toEqual(inTool);
  });

  it.each([[['--resume', 'runs/a']], [['--resume=runs/a', '--threads', '1']]])(
    '%j: all, as the run that goes on says which',
    (args) => {
      expect(buildsFor(args)).toEqual(allBuilds);
    },
  );
});
